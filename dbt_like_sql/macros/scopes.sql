{# What the three levels of scopes have in common: sources, platforms, all. #}

{# Sums in the order of what is added, so that the same rows give the same figure to the last bit. #}

{# Months of units added up into the scope that each belongs to. `parts` has one row a unit and month; a month in which
   one unit has no value has none. Ratios are the sum of numerators over the sum of denominators. #}
{% macro combined_units(parts) -%}
    select
        client,
        kpi,
        scope,
        month,
        count(*) as units,
        bool_and(is_present)
        and (count(*) = 1 or adds_over_sources or count(numerator) = count(*)) as is_present,
        case
            when count(*) = 1 then max(value)
            when not bool_and(is_present) then null
            when adds_over_sources then round(sum(value order by value), 6)
            when count(numerator) = count(*) then sum(numerator order by numerator) / nullif(sum(denominator order by denominator), 0)
        end as value,
        case when bool_and(is_present) and count(numerator) = count(*) then round(sum(numerator order by numerator), 6) end as numerator,
        case when bool_and(is_present) and count(numerator) = count(*) then sum(denominator order by denominator) end as denominator,
        min(observed_share) as observed_share,
        bool_and(is_present) and bool_or(is_estimated) as is_estimated,
        bool_and(is_closed) as is_closed,
        max(closes_on) as closes_on,
        bool_or(is_history) as is_history,
        nullif(flatten(list(note_codes order by unit)), []) as note_codes,
        min(data_through_on) as data_through_on
    from {{ parts }}
    group by client, kpi, scope, month, adds_over_sources
{%- endmacro %}

{# Of each month the scope's own figure where it covers 90 %, else csv history's, else its own as far as it goes; the
   two are never mixed inside a month. `own` is a CTE of one row a scope and month. #}
{% macro own_or_history(own, scopes) -%}
    {%- set columns = [
        'client', 'kpi', 'scope', 'month', 'is_present', 'value', 'numerator', 'denominator', 'observed_share',
        'is_estimated', 'is_closed', 'closes_on', 'is_history', 'note_codes', 'data_through_on'
    ] %}
    select {{ columns | join(', ') }}
    from (
        select
            {{ columns | join(', ') }},
            row_number() over (partition by client, kpi, scope, month order by choice) as rank
        from (
            select
                {{ columns | join(', ') }},
                case
                    when is_present and observed_share >= {{ var('full_share') }} then 1
                    when is_present then 3
                    else 5
                end as choice
            from {{ own }}
            union all
            select
                client,
                kpi,
                scope,
                month,
                not is_contradicted as is_present,
                value,
                numerator,
                denominator,
                observed_share,
                is_scaled and not is_contradicted as is_estimated,
                is_closed,
                closes_on,
                true as is_history,
                list_concat([{{ note('history', 'scope', name='source') }}], note_codes) as note_codes,
                data_through_on,
                -- rows that differ give nothing, and say so where nothing else does
                case when is_contradicted then 4 else 2 end as choice
            from {{ ref('int_csv_months') }}
            where
                not is_own
                and (value is not null or numerator is not null or is_contradicted)
                and scope {{ scopes }}
        ) as candidates
    ) as ranked
    where rank = 1
{%- endmacro %}
