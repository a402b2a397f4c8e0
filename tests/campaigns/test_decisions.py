"""Decisions: who is shown what, why nobody is, and that no limit is ever passed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from launchopt.audiences.models import Consent, Customer
from launchopt.audiences.services.events import record_events
from launchopt.campaigns import services
from launchopt.campaigns.models import (
    Campaign,
    Creative,
    Decision,
    ExcludedCustomer,
    Launch,
    Placement,
)
from launchopt.experiments.models import Assignment, Exposure
from launchopt.operations.errors import InvalidInput
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    ask,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

pytestmark = pytest.mark.django_db
NOBODY_HELD_OUT = {"holdout": 1e-9, "a": 0.5, "b": 0.5}


def question(customer, *, at=NOW, placement="home"):
    return services.Question(customer=customer.external_id, placement=placement, at=at, context={})


class TestDecide:
    def test_shows_the_words_of_the_variant_that_the_customer_belongs_to(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        answer = services.decide(questions=[question(customer)])[0]
        decision = answer.decision
        assert (decision.reason, decision.state) == ("shown", "reserved")
        assert answer.creative.variant == decision.variant
        assert decision.variant in ("a", "b")
        assert decision.propensity == pytest.approx(0.5)
        assert decision.launch == launch
        assert decision.expires_at == NOW + timedelta(minutes=30)
        assert Decision.objects.get(pk=decision.pk).cost == Decimal("0.02")

    def test_answers_no_launch_where_none_runs(self):
        [customer] = make_customers(1)
        make_launch(make_audience([customer]))
        assert ask(customer).reason == "no_launch"

    def test_answers_no_launch_before_the_start_and_after_the_end(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), hours=24)
        assert ask(customer, at=NOW - timedelta(seconds=1)).reason == "no_launch"
        assert ask(customer, at=NOW + 24 * HOUR).reason == "no_launch"

    def test_answers_a_stranger_and_makes_them_known(self):
        make_running(make_audience(make_customers(1)))
        assert ask("stranger").reason == "not_in_audience"
        assert Customer.objects.filter(external_id="stranger").exists()

    def test_speaks_to_nobody_without_consent(self):
        [customer] = make_customers(1, consent=False)
        make_running(make_audience([customer]))
        assert ask(customer).reason == "no_consent"
        assert not Assignment.objects.exists()

    def test_speaks_to_nobody_whose_consent_was_taken_back(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]))
        Consent.objects.update(is_granted=False)
        assert ask(customer).reason == "no_consent"

    def test_a_visitor_who_logged_in_is_answered_as_the_customer(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        Customer.objects.create(
            external_id="cookie", merged_into=customer, created_at=NOW, updated_at=NOW
        )
        assert ask("cookie").customer_id == customer.pk

    def test_leaves_out_whom_a_person_left_out(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]))
        ExcludedCustomer.objects.create(launch=launch, customer=customer)
        assert ask(customer).reason == "not_in_audience"

    @pytest.mark.parametrize("kind", ["purchase", "dislike"])
    def test_is_silent_about_a_product_bought_or_disliked(self, kind):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        add_event(customer, kind, product=launch.product)
        assert ask(customer).reason == "suppressed"

    def test_a_purchase_of_something_else_silences_nothing(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        add_event(customer, "purchase", product=make_product("OTHER"))
        assert ask(customer).reason == "shown"

    def test_an_unsubscriber_is_left_alone_until_they_agree_anew(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        leaving = {"customer": customer.external_id, "kind": "unsubscribe"}
        record_events([leaving | {"occurred_at": NOW.isoformat()}], received_at=NOW)
        assert ask(customer).reason == "no_consent"
        Consent.objects.update(is_granted=True, recorded_at=NOW)
        assert ask(customer, at=NOW + HOUR).reason == "shown"

    def test_an_exposure_event_confirms_its_decision(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        decision = ask(customer)
        seen = {"customer": customer.external_id, "sku": launch.product.sku, "kind": "exposure"}
        seen |= {"occurred_at": NOW.isoformat(), "decision_id": str(decision.pk)}
        record_events([seen], received_at=NOW)
        decision.refresh_from_db()
        assert (decision.state, decision.exposed_at) == ("confirmed", NOW)

    def test_shows_only_words_as_they_were_approved(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        Creative.objects.update(headline="Cures everything")
        assert ask(customer).reason == "no_creative"

    def test_a_pause_holds_at_once(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        services.pause_launch(launch=launch, by="operator", now=NOW)
        assert ask(customer).reason == "paused"
        assert not Assignment.objects.exists()
        services.resume_launch(launch=launch, by="operator", now=NOW)
        assert ask(customer).reason == "shown"

    def test_no_contact_that_brings_less_than_the_last_one_of_the_plan(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer], probability=0.1), weights=NOBODY_HELD_OUT)
        # one more unit of money brings 6 purchases at the margin: 0.12 for a contact of 0.02
        Launch.objects.filter(pk=launch.pk).update(plan={"marginal_response": {"value": 6.0}})
        assert ask(customer).reason == "not_worth_it"

    def test_refuses_a_placement_that_does_not_exist(self):
        [customer] = make_customers(1)
        with pytest.raises(InvalidInput, match="no placement 'cellar'"):
            ask(customer, placement="cellar")

    def test_outbound_channels_keep_quiet_hours_in_the_customers_own_zone(self):
        Placement.objects.create(name="newsletter", channel="email")
        early, late = make_customers(2)
        Customer.objects.filter(pk=late.pk).update(time_zone="Asia/Tokyo")  # 18:00 there at NOW
        make_running(make_audience([early, late]), channel="email", weights=NOBODY_HELD_OUT)
        night = NOW + timedelta(hours=4)  # 13:00 in UTC, 22:00 in Tokyo
        assert ask(early, placement="newsletter", at=night).reason == "shown"
        assert ask(late, placement="newsletter", at=night).reason == "suppressed"

    def test_who_lives_in_an_unknown_zone_gets_no_message(self):
        Placement.objects.create(name="newsletter", channel="email")
        [customer] = make_customers(1)
        Customer.objects.update(time_zone="Atlantis/Capital")
        make_running(make_audience([customer]), channel="email", weights=NOBODY_HELD_OUT)
        assert ask(customer, placement="newsletter").reason == "suppressed"

    def test_who_is_not_worth_a_contact_takes_no_part_in_the_experiment(self):
        customers = make_customers(50)
        launch = make_running(make_audience(customers, probability=0.01))
        Launch.objects.filter(pk=launch.pk).update(plan={"marginal_response": {"value": 6.0}})
        services.decide(questions=[question(customer) for customer in customers])
        assert not Assignment.objects.exists()


class TestAList:
    def test_is_answered_in_its_order_and_once_for_the_same_instant(self):
        customers = make_customers(3)
        make_running(make_audience(customers))
        asked = [question(customers[n]) for n in (2, 0, 1, 2)]
        answers = services.decide(questions=asked)
        assert [a.decision.customer_id for a in answers] == [customers[n].pk for n in (2, 0, 1, 2)]
        assert answers[0].decision.pk == answers[3].decision.pk
        assert Decision.objects.count() == 3

    def test_takes_the_same_number_of_queries_however_long(self, django_assert_max_num_queries):
        customers = make_customers(300)
        make_running(make_audience(customers))
        with django_assert_max_num_queries(25):
            services.decide(questions=[question(customer) for customer in customers])

    def test_each_is_judged_by_its_own_instant(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT, cap_contacts=1)
        instants = [NOW, NOW + HOUR, NOW + 23 * HOUR + timedelta(minutes=59)]
        answers = services.decide(questions=[question(customer, at=at) for at in instants])
        assert [a.decision.reason for a in answers] == ["shown", "capped", "capped"]
        assert Assignment.objects.get().assigned_at == NOW


class TestHoldout:
    def test_gets_the_share_that_was_planned_and_sees_nothing(self):
        customers = make_customers(600)
        make_running(make_audience(customers), budget="1000.00", hours=1)
        at = NOW + timedelta(minutes=59)
        services.pace_launches(now=at)
        answers = services.decide(questions=[question(c, at=at) for c in customers])
        held_out = [a.decision for a in answers if a.decision.variant == "holdout"]
        assert 35 <= len(held_out) <= 90  # 60 expected
        assert {d.reason for d in held_out} == {"holdout"}
        assert all(d.propensity == pytest.approx(0.1) for d in held_out)
        assert Assignment.objects.count() == 600

    def test_is_named_whatever_the_reason_for_silence(self):
        customers = make_customers(100, consent=False)
        make_running(make_audience(customers), weights={"holdout": 0.5, "a": 0.5})
        decisions = [a.decision for a in services.decide(questions=list(map(question, customers)))]
        assert {d.reason for d in decisions} == {"no_consent"}
        assert 30 <= sum(d.variant == "holdout" for d in decisions) <= 70

    def test_is_kept_when_asked_again(self):
        customers = make_customers(50)
        make_running(make_audience(customers))
        first = services.decide(questions=[question(c) for c in customers])
        later = [question(c, at=NOW + 2 * HOUR) for c in customers]
        again = services.decide(questions=later)
        assert [a.decision.variant for a in first] == [a.decision.variant for a in again]


class TestCaps:
    def test_count_contacts_over_all_launches(self):
        [customer] = make_customers(1)
        audience = make_audience([customer])
        make_running(audience, weights=NOBODY_HELD_OUT, cap_contacts=2)
        other = make_product("OTHER")
        make_running(audience, product=other, weights=NOBODY_HELD_OUT, cap_contacts=2)
        reasons = [ask(customer, at=NOW + n * timedelta(minutes=1)).reason for n in range(3)]
        assert reasons == ["shown", "shown", "capped"]

    def test_a_launch_with_a_looser_cap_does_not_break_that_of_another(self):
        [customer] = make_customers(1)
        make_running(
            make_audience([customer], probability=0.2), weights=NOBODY_HELD_OUT, cap_contacts=1
        )
        loose = make_product("LOOSE")
        make_running(
            make_audience([customer]), product=loose, weights=NOBODY_HELD_OUT, cap_contacts=9
        )
        assert ask(customer).reason == "shown"
        assert ask(customer, at=NOW + timedelta(minutes=1)).reason == "capped"

    def test_a_reservation_counts_until_it_lapses(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT, cap_contacts=1)
        assert ask(customer).reason == "shown"
        assert ask(customer, at=NOW + timedelta(minutes=29)).reason == "capped"
        assert ask(customer, at=NOW + timedelta(minutes=30)).reason == "shown"

    def test_a_confirmed_contact_counts_for_the_whole_window(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT, cap_contacts=1)
        decision = ask(customer)
        services.confirm_exposures(exposures={decision.pk: NOW})
        almost = NOW + timedelta(hours=23, minutes=59)
        assert ask(customer, at=almost).reason == "capped"


class TestBudget:
    def test_is_never_passed_within_one_list(self):
        customers = make_customers(100)
        make_running(make_audience(customers), budget="0.10", hours=1, weights=NOBODY_HELD_OUT)
        at = NOW + timedelta(minutes=58)
        services.pace_launches(now=at)
        answers = services.decide(questions=[question(c, at=at) for c in customers])
        reasons = [a.decision.reason for a in answers]
        assert reasons.count("shown") == 5
        assert reasons.count("no_budget") == 95
        assert Campaign.objects.get().reserved == Decimal("0.10")

    def test_an_exposure_moves_the_cost_from_reserved_to_spent(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        decision = ask(customer)
        services.confirm_exposures(exposures={decision.pk: NOW + timedelta(seconds=2)})
        campaign = Campaign.objects.get()
        assert (campaign.reserved, campaign.spent) == (Decimal(0), Decimal("0.02"))
        assert Exposure.objects.get().variant.name == decision.variant

    def test_an_exposure_told_twice_counts_once(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        decision = ask(customer)
        told = [services.confirm_exposures(exposures={decision.pk: NOW}) for _ in range(2)]
        assert told == [1, 0]
        assert Campaign.objects.get().spent == Decimal("0.02")

    def test_a_lapsed_reservation_gives_its_money_back(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        ask(customer)
        services.pace_launches(now=NOW + timedelta(minutes=31))
        assert Campaign.objects.get().reserved == 0
        assert Decision.objects.get().state == "lapsed"

    def test_a_late_exposure_is_a_contact_and_costs_only_what_is_left(self):
        first, second = make_customers(2)
        make_running(
            make_audience([first, second]), budget="0.02", hours=1, weights=NOBODY_HELD_OUT
        )
        at = NOW + timedelta(minutes=56)
        services.pace_launches(now=at)
        late = ask(first, at=at)
        services.pace_launches(now=at + timedelta(minutes=31))  # over: nothing is let out after it
        Launch.objects.update(ends_at=NOW + 3 * HOUR)
        services.pace_launches(now=at + timedelta(minutes=32))
        assert ask(second, at=at + timedelta(minutes=32)).reason == "shown"
        services.confirm_exposures(exposures={late.pk: at + timedelta(minutes=1)})
        late.refresh_from_db()
        assert (late.state, late.cost) == ("confirmed", Decimal(0))
        campaign = Campaign.objects.get()
        assert campaign.reserved + campaign.spent == Decimal("0.02")
