use super::*;

#[test]
fn every_row_has_its_time_and_a_users_first_row_is_separate() {
    let meter = Meter::new(2, Arc::default());
    let release = Instant::now();
    for user in [1, 1, 2, 99] {
        meter.note_durable(UserId(user));
    }
    let first: Vec<_> = meter.durable_since(release).map(|(user, _)| user).collect();
    assert_eq!(first, [UserId(1), UserId(2)]);
    // A second coupon of user 1, and a coupon of a user that does not exist.
    assert_eq!(meter.further_rows_since(release).len(), 2);
}
