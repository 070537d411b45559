-- every KPI of every source in every month of the client's calendar, also where there is no value
with judged as (
    select
        series.client,
        series.kpi,
        series.source,
        series.platform,
        series.scope,
        series.kind,
        series.adds_over_sources,
        series.month,
        series.is_running,
        series.closes_on,
        series.is_closed,
        series.is_so_far,
        series.is_before_opening,
        series.begins_on,
        series.is_unseen,
        series.counted_from_on,
        series.began_on,
        figures.value,
        figures.numerator,
        figures.denominator,
        figures.expected_days,
        figures.observed_days,
        coalesce(figures.observed_share, 0.0) as observed_share,
        coalesce(figures.is_estimated, false) as is_estimated,
        figures.note_codes,
        doubts.note_codes as doubt_codes,
        coalesce(doubts.is_moved, false) as is_doubted,
        figures.data_through_on,
        -- what can't be scaled has no value below 60 % and is estimated below 90; what can be was judged with its days
        series.kind = 'ratio' or series.kpi = 'unique_visitors' as is_never_scaled
    from {{ ref('int_kpi_series_months') }} as series
    left join {{ ref('int_kpi_source_figures') }} as figures
        on
            series.client = figures.client
            and series.kpi = figures.kpi
            and series.source = figures.source
            and series.month = figures.month
    left join {{ ref('int_kpi_doubt_months') }} as doubts
        on
            series.client = doubts.client
            and series.kpi = doubts.kpi
            and series.source = doubts.source
            and series.month = doubts.month
),

valued as (
    select
        client,
        kpi,
        source,
        platform,
        scope,
        kind,
        adds_over_sources,
        month,
        is_running,
        closes_on,
        is_closed,
        is_so_far,
        is_before_opening,
        begins_on,
        is_unseen,
        counted_from_on,
        began_on,
        not is_never_scaled
        or (is_so_far and data_through_on is not null)
        -- the month in which an account was first seen has what the source gives for it
        or began_on is not null
        or observed_share >= {{ var('least_share') }} as has_value,
        value,
        numerator,
        denominator,
        expected_days,
        observed_days,
        observed_share,
        is_estimated or is_doubted or (
            (is_never_scaled or began_on is not null)
            and not is_so_far
            and observed_share < {{ var('full_share') }}
        ) as is_estimated,
        note_codes,
        doubt_codes,
        data_through_on
    from judged
)

select
    client,
    kpi,
    source,
    platform,
    scope,
    kind,
    adds_over_sources,
    month,
    is_running,
    closes_on,
    coalesce(is_closed and not is_running, false) as is_closed,
    -- before an account opened a ratio has nothing on either side
    case
        when is_before_opening and kind = 'ratio' then null
        when is_before_opening then 0.0
        when has_value then value
    end as value,
    case
        when is_before_opening and kind = 'ratio' then 0.0
        when has_value then numerator
    end as numerator,
    case
        when is_before_opening and kind = 'ratio' then 0.0
        when has_value then denominator
    end as denominator,
    case when is_before_opening then 1.0 else observed_share end as observed_share,
    -- a ratio of nothing to nothing is known, though it has no value
    case
        when is_before_opening then true
        when not has_value then false
        when kind = 'ratio' then numerator is not null and denominator is not null
        else value is not null
    end as is_present,
    case
        when is_before_opening then false
        when has_value and (value is not null or numerator is not null) then is_estimated
        else false
    end as is_estimated,
    nullif(
        list_concat(
            case
                when is_before_opening then [{{ note('not_opened') }}]
                when expected_days = 0 and not is_running then [{{ note('paused') }}]
                when has_value and value is not null
                    then coalesce(
                        note_codes,
                        case
                            when is_so_far and not is_running and kind <> 'stock'
                                then [{{ note('given_through', day='data_through_on') }}]
                            when
                                is_estimated
                                and began_on is null
                                and (observed_days < expected_days or doubt_codes is null)
                                then [{{ note('days_observed', part='observed_days', whole='expected_days') }}]
                        end
                    )
                when has_value and kind = 'ratio' and numerator is not null
                    then coalesce(note_codes, [{{ note('nothing_to_divide') }}])
                -- every day was observed, and the figure is still not given
                when has_value and note_codes is not null then note_codes
                when begins_on is not null then [{{ note('begins_later', day='begins_on') }}]
                when counted_from_on is not null then [{{ note('counted_since', day='counted_from_on') }}]
                when is_unseen then [{{ note('never_seen') }}]
                -- all days are there, and what was asked for the month itself is not
                when observed_days = expected_days and doubt_codes is not null then note_codes
                when observed_days < expected_days
                    then [{{ note('days_observed', part='observed_days', whole='expected_days') }}]
                else coalesce(note_codes, [{{ note('not_observed') }}])
            end,
            case
                when began_on is not null and has_value and value is not null and is_estimated
                    then [{{ note('began', day='began_on') }}]
            end,
            -- a month that can't have a figure anyway needs no doubt
            case when not is_before_opening and (begins_on is null or value is not null) then doubt_codes end
        ),
        []
    ) as note_codes,
    data_through_on
from valued
