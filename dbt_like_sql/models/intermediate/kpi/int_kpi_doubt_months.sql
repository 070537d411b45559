-- what sources say against their figures, month by month of each KPI that rests on them
with rests_on as (
    select
        client,
        kpi,
        source,
        source as stream_source,
        stream as chosen_stream
    from {{ ref('int_kpi_series') }}
    union
    -- the figures of a blog that rest on what its web sources see of it
    select
        series.client,
        series.kpi,
        series.source,
        web_sources.web_source as stream_source,
        'web_pages_daily' as chosen_stream
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            series.client = web_sources.client
            and series.source = web_sources.source
            and series.source <> web_sources.web_source
),

-- of two streams that give one figure the one in use is heard
heard as (
    select
        rests_on.client,
        rests_on.kpi,
        rests_on.source,
        doubts.source as said_by,
        doubts.code,
        doubts.moves,
        doubts.from_on,
        doubts.to_on
    from rests_on
    inner join {{ ref('int_source_doubts') }} as doubts
        on
            rests_on.client = doubts.client
            and rests_on.stream_source = doubts.source
            and (
                list_contains(doubts.kpis, rests_on.kpi)
                -- a part of a figure rests on one stream, that of channels being no whole figure's
                or (
                    {{ is_part('rests_on.kpi') }}
                    and rests_on.chosen_stream = doubts.stream
                    and (len(doubts.kpis) = 0 or list_contains(doubts.kpis, {{ kpi_of('rests_on.kpi') }}))
                )
            )
    left join {{ ref('stg_config__kpi_streams') }} as feeds
        on
            doubts.client = feeds.client
            and doubts.source = feeds.source
            and doubts.stream = feeds.stream
            and rests_on.kpi = feeds.kpi
    where
        doubts.stream = rests_on.chosen_stream
        or feeds.preference is null
        or rests_on.kpi in ('followers', 'new_followers')
),

said as (
    select
        heard.client,
        heard.kpi,
        heard.source,
        months.month,
        heard.code,
        heard.said_by,
        -- a list does not say which of its months lacks something, and what is gone leaves months that say so
        bool_or(
            heard.moves in ('too_low', 'too_high', 'either_way')
            and heard.from_on is not null
            and heard.code not in ('includes_today', 'metric_gone')
        ) as is_moved
    from heard
    inner join {{ ref('int_months') }} as months
        on
            heard.client = months.client
            and (heard.from_on is null or heard.from_on <= months.ends_on)
            and (heard.to_on is null or heard.to_on >= months.month)
    where
        heard.code in (
            'account_moved',
            'amounts_missing',
            'other_currency',
            'not_key_events',
            'rate_of_all_events',
            'entries_left_out',
            'history_cut',
            'imports_skipped',
            'includes_today',
            'list_not_whole',
            'metric_gone',
            'other_row',
            'report_not_made',
            'rows_capped',
            'rows_folded',
            'sampled',
            'thresholded',
            'undated_rows'
        )
    group by heard.client, heard.kpi, heard.source, months.month, heard.code, heard.said_by
)

select
    client,
    kpi,
    source,
    month,
    bool_or(is_moved) as is_moved,
    list(
        case code
            when 'account_moved' then {{ note('doubt_account_moved', "'source=' || said_by") }}
            when 'amounts_missing' then {{ note('doubt_amounts_missing', "'source=' || said_by") }}
            when 'other_currency' then {{ note('doubt_other_currency', "'source=' || said_by") }}
            when 'not_key_events' then {{ note('doubt_not_key_events', "'source=' || said_by") }}
            when 'rate_of_all_events' then {{ note('doubt_rate_of_all_events', "'source=' || said_by") }}
            when 'entries_left_out' then {{ note('doubt_entries_left_out', "'source=' || said_by") }}
            when 'history_cut' then {{ note('doubt_history_cut', "'source=' || said_by") }}
            when 'imports_skipped' then {{ note('doubt_imports_skipped', "'source=' || said_by") }}
            when 'includes_today' then {{ note('doubt_includes_today', "'source=' || said_by") }}
            when 'list_not_whole' then {{ note('doubt_list_not_whole', "'source=' || said_by") }}
            when 'metric_gone' then {{ note('doubt_metric_gone', "'source=' || said_by") }}
            when 'other_row' then {{ note('doubt_other_row', "'source=' || said_by") }}
            when 'report_not_made' then {{ note('doubt_report_not_made', "'source=' || said_by") }}
            when 'rows_folded' then {{ note('doubt_rows_folded', "'source=' || said_by") }}
            when 'rows_capped' then {{ note('doubt_rows_capped', "'source=' || said_by") }}
            when 'sampled' then {{ note('doubt_sampled', "'source=' || said_by") }}
            when 'thresholded' then {{ note('doubt_thresholded', "'source=' || said_by") }}
            when 'undated_rows' then {{ note('doubt_undated_rows', "'source=' || said_by") }}
        end
        order by code, said_by
    ) as note_codes
from said
group by client, kpi, source, month
