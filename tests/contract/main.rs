//! What every backend must do: plain functions over the ports, run against each backend.
//!
//! A new backend is a constructor in `backend.rs` and a line at the end of this file. Its tables may be shared between
//! cases, since each case uses events and names of its own; its queue must be the case's alone.

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod access;
mod announcements;
mod backend;
mod batches;
mod budgets;
mod buttons;
mod calendar;
mod changes;
mod contacts;
mod crowd;
mod deletion;
mod delivery;
mod digests;
mod earlier_keys;
#[cfg(feature = "aws")]
mod equivalence;
mod events;
mod hosted_attendees;
mod hostile;
mod households;
mod idempotency;
mod ingest;
mod people;
mod person;
mod presses;
mod queue;
mod rejects;
mod roster;
mod seats;
mod subscribers;
mod unusual_delivery;
mod watermarks;
mod worker;

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
    announcements:
        latest_announcements_of_the_event_come_first
        announcement_is_stored_with_its_digest_or_not_at_all
        announcements_are_kept_for_30_days
        announcements_after_a_time_come_in_order;
    seats:
        seats_are_stored_with_their_digest_or_not_at_all
        each_change_puts_its_news_into_the_outbox_once
        largest_commit_is_stored
        those_who_wait_come_by_size_and_number
        full_event_has_a_waiting_list
        limit_is_set_raised_lowered_and_removed
        attendees_from_before_the_limit_keep_their_places;
    crowd:
        crowd_gets_the_places_in_the_order_of_the_changes;
    hosted_attendees:
        promotion_raises_the_capacity_after_a_question
        everybody_who_is_promoted_gets_a_place
        removal_by_a_host_frees_the_place
        rebuild_counts_seats_again
        rebuild_counts_attendees_without_a_limit;
    queue:
        message_arrives_as_it_was_sent
        receive_respects_its_maximum
        receive_gets_as_many_messages_as_it_may
        empty_batches_are_accepted
        waiting_receive_gets_new_messages
        unacked_message_returns_after_visibility_timeout
        acked_message_is_gone
        second_ack_is_harmless
        deferred_message_returns_as_its_original
        deferred_message_waits_for_its_delay
        message_without_an_outcome_becomes_a_reject
        depth_counts_unacked_messages
        receivers_share_no_message;
    rejects:
        reject_is_stored_whole
        second_put_keeps_the_first_reject
        messages_with_one_id_are_counted
        rejects_are_listed_by_id
        deleted_reject_is_gone
        impossible_id_is_unknown;
    idempotency:
        first_answer_is_remembered
        first_answer_is_recalled
        idempotency_keys_are_independent
        concurrent_repeats_get_one_answer;
    roster:
        attendee_is_stored_whole
        outcomes_keep_the_request_order
        mute_ends_with_the_registration
        link_is_requested_once_an_hour
        newest_request_wins_across_batches
        unchanged_attendee_is_not_written
        unknown_event_is_empty
        first_title_stays
        count_follows_joins_and_leaves
        roster_is_listed_by_name
        events_are_listed_by_id
        attendees_are_listed_by_event_and_name
        concurrent_writers_leave_the_newest
        concurrent_writers_lose_nothing
        removal_from_one_event_leaves_others
        removal_from_all_events_leaves_nothing
        removing_an_unknown_name_removes_nobody
        removed_person_may_sign_up_again;
    changes:
        every_write_is_one_change
        unchanged_attendee_is_no_change
        requests_of_one_batch_are_one_change
        removal_is_a_change_without_contacts
        changes_are_read_in_order;
    digests:
        digest_is_stored_whole
        stale_digest_write_is_refused
        due_digests_are_listed_oldest_first
        parked_digest_is_no_longer_due;
    delivery:
        change_notifies_every_other_attendee_once
        shared_mailbox_gets_one_copy_without_its_own_changes
        recipient_who_was_missed_is_told_all_at_once
        recipients_who_fail_delay_nobody
        recipient_whom_an_earlier_version_missed_is_told;
    unusual_delivery:
        owed_recipient_survives_a_later_announcement
        earlier_news_reach_those_after_the_position
        clock_that_was_days_ahead_repeats_nothing
        failure_of_one_mailbox_does_not_stop_the_other
        recipient_who_is_kept_while_a_page_is_put_stays_owed;
    subscribers:
        subscribers_want_messages_and_have_a_contact
        subscribers_follow_the_changes
        last_change_of_a_batch_counts
        repeated_changes_lose_no_subscriber
        page_is_full_unless_it_is_the_last
        subscribers_before_the_first_announcement_are_found
        removed_person_is_no_subscriber
        person_without_an_address_is_no_subscriber
        new_event_has_its_own_subscribers;
    watermarks:
        watermark_is_kept_for_each_event_and_recipient
        claim_is_exclusive_until_it_ends
        released_claim_is_free
        one_of_several_workers_gets_the_claim;
    earlier_keys:
        attendee_under_earlier_key_is_found
        link_with_earlier_key_finds_the_attendee
        spellings_are_one_attendee
        attendees_with_same_key_stay_apart
        removal_covers_earlier_keys;
    events:
        details_are_stored_whole
        created_event_is_listed
        existing_event_is_not_created_again
        stale_details_write_is_refused
        details_are_read_in_the_order_of_the_request
        edited_title_is_shown_at_once
        event_with_details_stays_without_attendees
        every_write_of_details_is_one_change;
    calendar:
        calendar_is_sorted_and_paged
        calendar_shows_titles_and_counts
        event_that_is_gone_is_not_in_the_calendar
        deletion_deletes_the_event_from_the_calendar
        change_moves_the_event_in_the_calendar
        repeated_changes_do_not_bring_an_event_back
        contacts_are_deleted_page_by_page
        attendee_without_a_contact_can_be_changed
        upkeep_deletes_contacts_of_events_that_are_over
        upkeep_does_not_rely_on_a_calendar_that_lags_behind
        parked_event_moves_in_the_calendar
        contact_that_comes_after_the_end_is_deleted_too;
    deletion:
        nothing_is_left_of_a_deleted_event
        deletion_needs_its_confirmation_and_the_right_version
        late_request_does_not_bring_a_deleted_event_back
        late_attendee_is_deleted_with_its_change
        deleted_event_is_not_found
        requests_during_a_deletion_are_refused
        new_event_gets_nothing_of_the_deleted_one
        sign_up_begins_the_event_anew
        nothing_begins_a_deleted_unlisted_event
        nobody_is_notified_about_a_deletion
        large_event_is_deleted_in_parts
        attendee_from_a_clock_ahead_is_deleted
        interrupted_deletion_is_continued
        concurrent_sign_ups_leave_nothing
        host_continues_a_deletion
        forged_cursor_skips_nothing
        complete_deletion_has_no_attendees
        cursor_deletes_no_existing_event
        opt_in_link_of_a_deleted_event_only_stops
        request_during_a_deletion_does_not_bring_the_event_back;
    access:
        every_role_may_do_what_it_should_and_nothing_else;
    contacts:
        opt_in_is_absent_at_first
        deleted_opt_in_is_gone
        opt_in_is_stored_whole
        stale_opt_in_write_is_refused
        contacts_are_independent
        one_concurrent_opt_in_write_wins
        confirmation_of_a_registration_is_stored;
    budgets:
        budget_stops_at_its_limit
        spent_budget_can_be_read
        refunded_budget_can_be_spent_again
        concurrent_spenders_share_one_limit
        budgets_are_independent
        limit_of_zero_gives_nothing
        changed_limit_applies_at_once;
    buttons:
        button_is_stored_whole_and_replaced
        removed_button_is_gone
        buttons_are_listed_by_serial
        removed_person_has_no_button;
    households:
        household_keeps_its_last_name
        removed_person_leaves_the_household;
    person:
        person_is_found_by_name
        person_is_found_by_address
        search_for_one_event_finds_nothing_of_others
        removal_by_name_leaves_nothing
        removal_by_address_leaves_nothing
        removed_address_leaves_earlier_changes
        changed_registration_is_not_removed
        long_search_continues_at_its_cursor;
    presses:
        short_press_joins_long_press_leaves
        press_follows_the_button_actions
        unknown_button_is_a_reject
        messages_about_one_press_are_one_press
        unknown_action_needs_attention_if_the_button_is_registered
        no_input_of_a_registered_button_disappears
        second_press_changes_nothing
        restarted_counter_is_a_new_press
        bad_press_is_rejected_future_press_cut;
    ingest:
        bad_message_harms_no_other
        oversized_message_is_kept_cut
        several_requests_are_one_change
        every_delivery_has_its_own_outcome
        second_delivery_changes_nothing
        only_the_owner_changes_a_registration
        early_cancel_waits_for_its_signup
        unstored_rejects_are_retried
        repeated_panic_becomes_a_reject
        transient_failure_never_becomes_a_reject
        request_without_its_signup_becomes_a_reject
        dead_letter_is_tried_and_finally_rejected
        panicking_message_fails_alone
        failed_attendee_is_retried_alone
        silent_roster_loses_nothing
        invalid_message_is_rejected_after_the_deadline
        random_history_leaves_its_requests_outcome;
    worker:
        nothing_is_lost_or_invented;
    batches:
        waiting_messages_are_applied_at_the_first_attempt
        early_request_is_deferred_until_its_signup_arrives;
    hostile:
        hostile_message_is_stored_or_rejected
        random_message_is_stored_or_rejected;
}

hold!(sqlite);
#[cfg(feature = "aws")]
hold!(aws);
