"""KPIs of accounts on social platforms."""

from __future__ import annotations

from okr_models.kpis.model import Feed, Kpi, ScopeKind

SCOPES: tuple[ScopeKind, ...] = ("source", "platform")
FOLLOWERS = Feed(
    category="social",
    streams=("follower_snapshots", "follower_totals_daily"),
    # days before the first reading are worked out from gains
    also=("follower_changes_daily",),
    reaches_back=("follower_totals_daily", "follower_changes_daily", "follower_snapshots"),
)
POSTS = Feed(category="social", streams=("social_posts",))

SOCIAL = (
    Kpi(
        id="followers",
        title_en="Followers",
        title_sv="Följare",
        kind="stock",
        unit="followers",
        adds_over_sources=True,
        feeds=(FOLLOWERS,),
        scopes=SCOPES,
        method_en="The last reading at the month's end, at most 35 days old; accounts add up.",
        method_sv="Senaste mätningen vid månadens slut, högst 35 dagar gammal; konton läggs ihop.",
    ),
    Kpi(
        id="new_followers",
        title_en="New followers",
        title_sv="Nya följare",
        kind="flow",
        unit="followers",
        adds_over_time=True,
        adds_over_sources=True,
        is_signed=True,
        feeds=(FOLLOWERS,),
        scopes=SCOPES,
        begins_with="followers",
        method_en="The difference of two months' followers; may be negative.",
        method_sv="Skillnaden mellan två månaders följare; kan vara negativ.",
    ),
    Kpi(
        id="interactions",
        title_en="Interactions",
        title_sv="Interaktioner",
        kind="flow",
        unit="interactions",
        adds_over_time=True,
        adds_over_sources=True,
        is_signed=True,
        # the platform's own daily figures where it has them, else differences of snapshots of the posts that it lists
        feeds=(Feed(category="social", streams=("interactions_daily", "post_counters"), also=("social_posts",)),),
        scopes=SCOPES,
        method_en="Likes, comments and shares, counted on the day they happened.",
        method_sv="Gillningar, kommentarer och delningar, räknade den dag de gjordes.",
    ),
    Kpi(
        id="interactions_per_post",
        title_en="Interactions per post",
        title_sv="Interaktioner per inlägg",
        kind="ratio",
        unit="interactions",
        is_signed=True,
        feeds=(Feed(category="social", streams=("post_counters",), also=("social_posts",)),),
        scopes=SCOPES,
        method_en="Interactions within 28 days over the month's posts; younger posts wait.",
        method_sv="Interaktioner inom 28 dagar, delat med månadens inlägg; yngre inlägg väntar.",
    ),
    Kpi(
        id="social_posts",
        title_en="Social posts",
        title_sv="Inlägg i sociala medier",
        kind="flow",
        unit="posts",
        adds_over_time=True,
        adds_over_sources=True,
        feeds=(POSTS,),
        scopes=SCOPES,
        method_en="Posts published in the month.",
        method_sv="Inlägg publicerade i månaden.",
    ),
)
