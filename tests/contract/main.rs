//! What every backend must do, said once: plain functions over the ports, run against each backend.
//!
//! A new backend is a constructor in `backend.rs` and a line at the end of this file. Its tables may be shared between
//! cases, since each case uses events and names of its own; its queue must be the case's alone.

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod backend;
mod budgets;
mod buttons;
mod changes;
mod contacts;
mod digests;
mod households;
mod idempotency;
mod ingest;
mod people;
mod presses;
mod queue;
mod rejects;
mod roster;
#[cfg(feature = "aws")]
mod twins;

/// Every case as a test of its own.
macro_rules! contract {
    ($($module:ident: $($case:ident)+;)+) => {
        /// Holds one backend to the contract.
        macro_rules! hold {
            ($backend:ident) => {
                mod $backend {
                    $(mod $module {
                        $(#[tokio::test]
                        async fn $case() {
                            let backend = crate::backend::$backend().await;
                            crate::$module::$case(&backend).await;
                        })+
                    })+
                }
            };
        }
    };
}

contract! {
    queue:
        a_message_is_handed_out_as_it_was_sent
        every_message_of_a_send_arrives_and_no_receive_gives_more_than_asked
        sending_settling_and_giving_back_nothing_is_fine
        a_waiting_receive_is_given_what_arrives
        an_unsettled_message_comes_back_after_the_visibility_timeout_and_not_before
        a_settled_message_is_gone
        settling_again_harms_nobody
        a_message_given_back_comes_again_at_once
        a_message_given_back_with_a_delay_comes_again_after_it
        after_five_tries_a_message_is_among_the_rejects
        the_depth_counts_what_is_not_settled_and_names_the_oldest
        concurrent_receivers_share_no_message;
    rejects:
        a_reject_is_kept_whole
        a_reject_put_twice_stays_as_it_was
        rejects_are_listed_by_id_at_every_page_size
        a_deleted_reject_is_gone;
    idempotency:
        the_first_answer_is_remembered
        keys_do_not_disturb_each_other
        concurrent_requests_are_given_one_answer;
    roster:
        every_kind_of_attendee_is_stored_whole
        each_request_is_answered_by_its_place
        what_the_owner_wishes_is_stored_and_gone_with_the_stay
        a_link_is_asked_for_once_an_hour_whoever_asks
        the_newest_request_wins_across_batches
        requests_that_change_nothing_store_nothing
        an_event_that_nobody_knows_is_empty
        the_first_title_of_an_event_stays
        the_count_follows_joins_and_leaves
        a_roster_is_read_in_order_at_every_page_size
        events_are_listed_by_id_at_every_page_size
        everybody_is_listed_by_event_and_name_at_every_page_size
        concurrent_writers_of_one_attendee_leave_the_newest
        removing_a_person_from_one_event_leaves_the_others
        removing_a_person_from_all_events_leaves_nothing_of_them
        removing_somebody_unknown_removes_nobody
        whoever_was_removed_may_sign_up_again;
    changes:
        every_write_is_told_once_with_what_was_and_what_is
        what_changes_nothing_is_not_told
        several_requests_for_one_attendee_are_one_change
        a_removal_is_told_and_the_contacts_are_forgotten
        changes_are_read_in_their_order_at_every_page_size;
    digests:
        a_digest_is_stored_whole
        of_two_who_read_the_same_digest_one_stores_theirs
        what_is_due_is_listed_longest_first
        everybody_else_is_told_of_a_change_once;
    contacts:
        nobody_was_asked_at_first
        what_is_said_is_read_back_whatever_was_said_before
        what_is_said_is_kept_only_over_what_was_read
        contacts_do_not_disturb_each_other
        of_concurrent_setters_one_wins;
    budgets:
        a_budget_is_spent_to_its_limit_and_no_further
        what_is_spent_can_be_read
        concurrent_spenders_are_given_the_limit_and_no_more
        budgets_do_not_disturb_each_other
        a_limit_of_0_gives_nothing
        a_raised_limit_gives_more_and_a_lowered_one_nothing;
    buttons:
        a_button_is_registered_whole_and_replaced
        a_button_that_was_removed_is_gone
        buttons_are_listed_by_serial_at_every_page_size
        whoever_is_removed_has_no_button_any_more;
    households:
        the_last_name_of_each_household_is_remembered
        whoever_is_removed_from_all_events_is_no_household_s_usual_name;
    presses:
        a_press_signs_up_and_a_long_one_takes_out
        each_kind_of_press_does_what_its_button_says
        a_press_of_an_unknown_button_is_a_reject_that_names_it
        a_press_that_comes_again_changes_nothing_that_was_done_since
        a_device_that_counts_anew_is_heard_again
        what_no_button_sends_is_a_reject_and_nobody_presses_in_the_future;
    ingest:
        a_poison_message_harms_no_other
        several_requests_for_one_attendee_come_to_one_change
        every_delivery_has_its_outcome_under_its_own_ids
        a_message_delivered_twice_is_stored_once
        only_the_owner_of_a_stay_may_change_it
        an_owners_cancel_before_its_signup_is_tried_again
        rejects_that_cannot_be_kept_are_tried_again
        what_fails_at_its_last_try_is_among_the_rejects_with_that_failure
        a_dead_letter_is_kept_among_the_rejects
        a_message_that_makes_ingest_panic_fails_alone
        a_roster_that_fails_for_one_attendee_is_tried_again_for_that_one
        a_roster_that_answers_nothing_loses_nothing
        any_history_of_deliveries_leaves_what_its_requests_say;
}

hold!(sqlite);
#[cfg(feature = "aws")]
hold!(aws);
