use super::*;

/// A detector and the last ten seconds after one tick a second.
fn watched(ticks: &[Tick]) -> (EvidenceDetector, RecentCounts, u64) {
    let mut recent = RecentCounts::default();
    for (second, counts) in (1..).zip(ticks) {
        recent.tick(second * SECOND, counts.map(|(requests, errors)| TickCounts { requests, errors }));
    }
    (watch(ticks.iter().copied()), recent, u64::try_from(ticks.len()).unwrap() * SECOND)
}

fn outlook(ticks: &[Tick]) -> Outlook {
    let (detector, recent, at_ms) = watched(ticks);
    detector.outlook(at_ms, &recent)
}

#[test]
fn a_good_release_is_healthy_at_the_end_of_the_window() {
    let expected = Outlook { healthy_so_far: true, healthy_in_ms: Some(40 * SECOND), breach_in_ms: None };
    assert_eq!(outlook(&[Some((50, 0)); 20]), expected);
}

#[test]
fn a_release_with_little_traffic_takes_until_enough_requests_are_there() {
    let expected = Outlook { healthy_so_far: false, healthy_in_ms: Some(40 * SECOND), breach_in_ms: None };
    assert_eq!(outlook(&[Some((1, 0)); 20]), expected, "60 requests at the end of the window");
    let ticks = [Some((1, 0)), Some((0, 0))].repeat(10);
    let healthy_in_ms = outlook(&ticks).healthy_in_ms.unwrap();
    assert!((98 * SECOND..=99 * SECOND).contains(&healthy_in_ms), "49 requests at one in 2s: {healthy_in_ms}");
}

#[test]
fn the_time_to_a_breach_is_the_time_it_takes() {
    let ticks = [vec![Some((50, 1)); 15], vec![Some((50, 4)); 11]].concat();
    let (mut detector, recent, at_ms) = watched(&ticks);
    let outlook = detector.outlook(at_ms, &recent);
    assert_eq!((outlook.healthy_so_far, outlook.healthy_in_ms), (false, None));
    let breach_in_ms = outlook.breach_in_ms.unwrap();
    feed(&mut detector, at_ms, vec![Some((50, 4)); usize::try_from(breach_in_ms / SECOND).unwrap() - 1]);
    assert_eq!(detector.breach(), None);
    feed(&mut detector, at_ms + breach_in_ms - SECOND, [Some((50, 4))]);
    assert!(detector.breach().is_some());
}

#[test]
fn at_the_threshold_nothing_is_in_sight() {
    let expected = Outlook { healthy_so_far: false, healthy_in_ms: None, breach_in_ms: None };
    assert_eq!(outlook(&[Some((20, 1)); 40]), expected);
}

#[test]
fn without_recent_traffic_the_end_is_judged_as_it_stands() {
    let quiet = [vec![Some((50, 0)); 35], vec![Some((0, 0)); 11]].concat();
    assert_eq!(outlook(&quiet).healthy_in_ms, None, "25s without traffic at the end");
    let quiet = [vec![Some((50, 0)); 45], vec![Some((0, 0)); 11]].concat();
    assert_eq!(outlook(&quiet).healthy_in_ms, Some(4 * SECOND), "15s without traffic at the end");
}

#[test]
fn after_a_breach_healthy_is_never_in_sight() {
    let (detector, recent, at_ms) = watched(&[Some((50, 50)); 5]);
    let outlook = detector.outlook(at_ms, &recent);
    assert_eq!((outlook.healthy_so_far, outlook.healthy_in_ms), (false, None));
}
