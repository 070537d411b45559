-- the months of every KPI in every scope, with what their codes say as one English sentence
with noted as (
    select
        client,
        kpi,
        scope,
        month,
        unnest(note_codes) as said,
        generate_subscripts(note_codes, 1) as position
    from {{ ref('int_kpi_scope_months') }}
),

codes as (
    select
        noted.client,
        noted.kpi,
        noted.scope,
        noted.month,
        noted.position,
        noted.said.code,
        noted.said.scope as said_of,
        noted.said.part,
        noted.said.whole,
        noted.said.value,
        noted.said.day,
        noted.said.name,
        lag(noted.said.scope) over (
            partition by noted.client, noted.kpi, noted.scope, noted.month
            order by noted.position
        ) as said_before_of
    from noted
),

sentences as (
    select
        client,
        kpi,
        scope,
        month,
        position,
        case
            when said_of is null or said_of = coalesce(said_before_of, '') then ''
            -- history may be of a platform or of all, and so its scope is said in full
            when code = 'history' then said_of || ': '
            else regexp_replace(said_of, '^source=', '') || ': '
        end as opening,
        case code
            when 'began' then 'began on ' || day || '; say opened'
            when 'begins_later' then 'no data before ' || day
            when 'channel_split' then 'AI assistants are a channel of their own since ' || day
            when 'channels_differ' then 'channels sum to ' || part || ' of ' || whole || ' sessions'
            when 'counted_since' then 'not counted before ' || day
            when 'counts_hidden' then 'without counts that the platform hides or left out'
            when 'days_observed' then part || ' of ' || whole || ' days observed'
            when 'doubt_account_moved' then 'the account has moved, and its followers with it'
            when 'doubt_entries_left_out' then 'entries that can''t be used are left out'
            when 'doubt_history_cut' then 'the source no longer keeps all of these days'
            when 'doubt_imports_skipped' then 'the source left imported statistics out'
            when 'doubt_includes_today' then 'some of today is in it already'
            when 'doubt_list_not_whole' then 'the list could not be read whole'
            when 'doubt_metric_gone' then 'the source no longer gives all of its counts'
            when 'doubt_other_row' then 'a part of the page views has no page (the row other)'
            when 'doubt_report_not_made' then 'the source has no report, though there was something to report'
            when 'doubt_rows_folded' then 'the source folded small rows into one, (other)'
            when 'doubt_rows_capped' then 'rows beyond the source''s cap have no page'
            when 'doubt_sampled' then 'the source counted a sample'
            when 'doubt_thresholded' then 'the source withholds rows of few people'
            when 'doubt_undated_rows' then 'rows without a day count nowhere'
            when 'doubt_fixed_offset' then 'the database''s days begin an hour off in half the year'
            when 'doubt_amounts_missing' then 'some have no amount and count as nothing'
            when 'doubt_other_currency' then 'amounts in another currency are not in it'
            when 'doubt_not_key_events' then 'named events that the source does not count are not in it'
            when 'doubt_rate_of_all_events' then 'the rate is of visits with any key event'
            when 'followers_reconstructed' then 'followers reconstructed from daily gains'
            when 'given_through' then 'so far, through ' || day
            when 'history' then 'history from csv'
            when 'median' then 'median ' || round(value, 1)
            when 'never_seen' then 'no data on any day read'
            when 'no_csv_row' then 'no row in the csv file'
            when 'no_time_on_page' then 'the web source gives no time on page'
            when 'not_observed' then 'not observed'
            when 'not_opened' then 'not yet opened'
            when 'nothing_to_divide' then 'nothing to divide by'
            when 'paused' then 'paused'
            when 'posts_counted' then part || ' of ' || whole || ' posts were counted in time'
            when 'posts_maturing' then part || ' posts younger than 28 days left out'
            when 'rows_differ' then 'csv rows give different values, so none counts'
            when 'same_site' then 'counts alone, as ' || name || ' sees the same site'
            when 'scaled_up' then 'scaled up from ' || part || ' of ' || whole || ' days'
            when 'split_at_28_days' then 'split by elapsed days over a gap at 28 days'
            when 'dated_by_first_view' then 'a post is dated by its first page view'
            when 'split_at_month_end' then 'split by elapsed time over a gap at a month end'
        end as sentence
    from codes
),

notes as (
    select
        client,
        kpi,
        scope,
        month,
        string_agg(opening || sentence, '; ' order by position) as note
    from sentences
    group by client, kpi, scope, month
)

select
    months.client,
    months.kpi,
    months.scope,
    months.month,
    months.value,
    months.unit,
    months.kind,
    -- all, or what stands before and after the first =
    split_part(months.scope, '=', 1) as scope_kind,
    case
        when strpos(months.scope, '=') > 0 then substr(months.scope, strpos(months.scope, '=') + 1)
    end as scope_name,
    months.is_closed,
    months.is_estimated,
    months.observed_share,
    notes.note,
    months.note_codes,
    months.numerator,
    months.denominator,
    months.median,
    months.origin,
    months.data_through_on,
    months.closes_on
from {{ ref('int_kpi_scope_months') }} as months
left join notes
    on
        months.client = notes.client
        and months.kpi = notes.kpi
        and months.scope = notes.scope
        and months.month = notes.month
