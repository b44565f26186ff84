"""Who may do what in Superset: four roles, as permissions. Each deployment sets a role to exactly what stands here.

Roles add up: an analyst of the finance department has Author and Finance.
"""

from __future__ import annotations

from dataclasses import dataclass

Permission = tuple[str, str]

MARTS = "[Voxhouse marts].[marts]"
OPERATIONS = "[Voxhouse marts].[operations]"
FINANCE = "[Voxhouse ledger].[finance]"

LOOK: frozenset[Permission] = frozenset(
    {
        ("can_csv", "Superset"),
        ("can_dashboard", "Superset"),
        ("can_dashboard_permalink", "Superset"),
        ("can_drill", "Dashboard"),
        ("can_get", "MenuApi"),
        ("can_get_column_values", "Datasource"),
        ("can_get_drill_info", "Dataset"),
        ("can_language_pack", "Superset"),
        ("can_list", "AsyncEventsRestApi"),
        ("can_log", "Superset"),
        ("can_read", "AvailableDomains"),
        ("can_read", "Chart"),
        ("can_read", "CssTemplate"),
        ("can_read", "CurrentUserRestApi"),
        ("can_read", "Dashboard"),
        ("can_read", "DashboardFilterStateRestApi"),
        ("can_read", "DashboardPermalinkRestApi"),
        ("can_read", "Dataset"),
        ("can_read", "Explore"),
        ("can_read", "ExploreFormDataRestApi"),
        ("can_read", "ExplorePermalinkRestApi"),
        ("can_read", "SecurityRestApi"),
        ("can_read", "Theme"),
        ("can_read", "security"),
        ("can_recent_activity", "Log"),
        ("can_samples", "Datasource"),
        ("can_share_dashboard", "Superset"),
        ("can_slice", "Superset"),
        ("can_this_form_get", "ResetMyPasswordView"),
        ("can_this_form_post", "ResetMyPasswordView"),
        ("can_time_range", "Api"),
        ("can_userinfo", "UserDBModelView"),
        ("can_view_chart_as_table", "Dashboard"),
        ("can_write", "DashboardFilterStateRestApi"),
        ("can_write", "DashboardPermalinkRestApi"),
        ("can_write", "ExploreFormDataRestApi"),
        ("can_write", "ExplorePermalinkRestApi"),
        ("menu_access", "Charts"),
        ("menu_access", "Dashboards"),
        ("menu_access", "Home"),
        ("resetmypassword", "UserDBModelView"),
    }
)
"""Reading, filtering, drilling and taking the figures away; no content is written."""

BUILD: frozenset[Permission] = frozenset(
    {
        ("can_explore", "Superset"),
        ("can_export", "Chart"),
        ("can_export", "Dashboard"),
        ("can_fetch_datasource_metadata", "Superset"),
        ("can_get", "Datasource"),
        ("can_read", "Database"),
        ("can_share_chart", "Superset"),
        ("can_view_query", "Dashboard"),
        ("can_write", "Chart"),
        ("can_write", "Dashboard"),
        ("menu_access", "Data"),
        ("menu_access", "Datasets"),
    }
)
"""Charts and dashboards out of the datasets that git describes; datasets themselves are not written here."""

QUERY: frozenset[Permission] = frozenset(
    {
        ("can_execute_sql_query", "SQLLab"),
        ("can_export_csv", "SQLLab"),
        ("can_format_sql", "SQLLab"),
        ("can_get_results", "SQLLab"),
        ("can_read", "Database"),
        ("can_read", "Query"),
        ("can_read", "SQLLab"),
        ("can_read", "SavedQuery"),
        ("can_sqllab", "Superset"),
        ("can_sqllab_history", "Superset"),
        ("can_write", "SavedQuery"),
        ("menu_access", "Query Search"),
        ("menu_access", "SQL Editor"),
        ("menu_access", "SQL Lab"),
        ("menu_access", "Saved Queries"),
    }
)
"""SQL Lab, over the schemas of the role."""


@dataclass(frozen=True)
class Role:
    """A role: what its holders may do, and the schemas in which they may do it."""

    name: str
    permissions: frozenset[Permission]
    schemas: tuple[str, ...]


ROLES = (
    Role("Viewer", LOOK, (MARTS,)),
    Role("Author", LOOK | BUILD | QUERY, (MARTS,)),
    Role("Finance", LOOK, (MARTS, FINANCE)),
    Role("Operator", LOOK | QUERY, (OPERATIONS,)),
    Role("Public", frozenset(), ()),
)

ACCOUNTS = {"admin": "Admin", "viewer": "Viewer", "author": "Author", "finance": "Finance", "operator": "Operator"}
"""First accounts, one per role; the administrator adds the people."""
