from jupyter_mldeploy.cards import ServiceTable, event_line, service_line, table
from jupyter_mldeploy.specs import Address, Event, Plan, ScriptSpec, ServiceRecord, Settings, State

RECORD = ServiceRecord(
    Plan("churn", "ACI", ScriptSpec("/score.py"), Settings("churn", workers=2, auth="key")),
    created_time=0,
    updated_time=0,
)


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    assert table(("a", "long"), [("xxx", "y")]) == "a    long\nxxx  y"


def test_a_service_shows_state_address_and_auth() -> None:
    line = service_line(RECORD, State("Healthy", workers=2, ready=1), Address("http://127.0.0.1:1", "http://me:1"))
    header, row = repr(ServiceTable([line])).splitlines()
    assert header.split() == ["name", "type", "state", "workers", "auth", "address"]
    assert row.split() == ["churn", "ACI", "Healthy", "1/2", "key", "http://127.0.0.1:1"]


def test_a_service_that_is_not_well_says_why_below_the_table() -> None:
    line = service_line(RECORD, State("Failed", "init() raised KeyError\nmore"), None)
    assert repr(ServiceTable([line])).splitlines()[-1] == "churn: init() raised KeyError"


def test_no_services_is_said_in_words() -> None:
    assert repr(ServiceTable()) == "No services."


def test_an_event_is_one_line() -> None:
    assert event_line(Event(0, "bundle", "started", "twelve files"))[8:] == "  bundle  started  twelve files"
    assert event_line(Event(0, "environment", "note", "numpy dropped"))[8:] == "  environment  numpy dropped"
