use proptest::prelude::*;

use super::*;
use crate::core::soak::testing::{HEALTHY, Harness, settings};
use crate::core::soak::{ClockOrigin, RecordingHeader};

fn header() -> RecordingHeader {
    RecordingHeader::new(settings(), Vec::new(), ClockOrigin { boot: "b".to_owned(), origin_ms: 0 })
}

/// Twenty seconds of a healthy soak.
fn player() -> Player {
    let mut harness = Harness::new(settings());
    harness.seconds(20, HEALTHY);
    Player::new(header(), harness.log)
}

fn position(player: &Player) -> u64 {
    player.playback().position_ms
}

fn seqs(played: Played) -> (bool, Vec<u64>) {
    (played.anew.is_some(), played.events.iter().map(|event| event.seq).collect())
}

#[test]
fn events_come_when_their_time_has_come() {
    let mut player = player();
    assert_eq!(seqs(player.advance(999)), (false, vec![1]), "the start");
    assert_eq!(seqs(player.advance(1)), (false, (2..=7).collect()), "the first round of samples");
    assert_eq!(seqs(player.advance(500)), (false, vec![]));
    assert_eq!(player.header(), &header());
}

#[test]
fn the_speed_doubles_and_halves_within_limits_and_loses_no_time() {
    let mut player = player();
    player.slower();
    for _ in 0..3 {
        player.advance(1);
    }
    assert_eq!(position(&player), 1, "half a millisecond is kept");
    for _ in 0..20 {
        player.slower();
    }
    assert!((player.playback().speed - 0.125).abs() < f64::EPSILON);
    for _ in 0..40 {
        player.faster();
    }
    assert!((player.playback().speed - 1024.0).abs() < f64::EPSILON);
    let mut fast = self::player().with_speed(10);
    fast.advance(1_000);
    assert_eq!(position(&fast), 10_000);
    assert!((self::player().with_speed(u32::MAX).playback().speed - 1024.0).abs() < f64::EPSILON);
}

#[test]
fn a_paused_replay_stands_still() {
    let mut player = player();
    player.advance(5_000);
    player.play_or_pause();
    assert_eq!(seqs(player.advance(10_000)), (false, vec![]));
    assert_eq!(position(&player), 5_000);
    player.play_or_pause();
    player.advance(1_000);
    assert_eq!(position(&player), 6_000);
}

#[test]
fn seeking_back_begins_anew_and_seeking_on_goes_on() {
    let mut player = player();
    let all = seqs(player.seek(5)).1;
    assert_eq!(position(&player), 10_000);
    let (anew, first) = seqs(player.seek(2));
    assert!(anew);
    assert_eq!(first, all[..first.len()]);
    let (anew, rest) = seqs(player.seek(5));
    assert!(!anew);
    assert_eq!([first, rest].concat(), all);
    player.back();
    assert_eq!(position(&player), 0);
    player.forward();
    assert_eq!(position(&player), 10_000);
}

#[test]
fn it_stops_at_its_end_and_plays_again_from_the_beginning() {
    let mut player = player();
    player.advance(1_000_000);
    let end = player.playback();
    assert_eq!((end.position_ms, end.length_ms, end.paused), (20_000, 20_000, true));
    let (anew, events) = seqs(player.play_or_pause());
    assert!(anew && events == [1], "{events:?}");
    assert!(!player.playback().paused);
}

#[test]
fn a_recording_without_events_plays_nothing() {
    let mut player = Player::new(header(), Vec::new());
    assert_eq!(seqs(player.advance(1_000)), (false, vec![]));
    assert_eq!(seqs(player.seek(9)), (false, vec![]));
    assert_eq!(player.playback().length_ms, 0);
}

proptest! {
    /// What was folded is always exactly the beginning of the recording up to the position.
    #[test]
    fn however_it_is_played_nothing_is_lost_or_told_twice(steps in prop::collection::vec((0_u8..6, 0_u64..5_000), 0..40)) {
        let mut player = player();
        let mut folded: Vec<u64> = Vec::new();
        for (step, by) in steps {
            let played = match step {
                0 => player.advance(by),
                1 => player.seek(u8::try_from(by % 10).unwrap()),
                2 => player.back(),
                3 => player.forward(),
                4 => player.play_or_pause(),
                _ => player.faster(),
            };
            let (anew, seqs) = seqs(played);
            if anew {
                folded.clear();
            }
            folded.extend(seqs);
            let due = player.events.iter().filter(|event| event.at_ms <= position(&player)).map(|event| event.seq);
            prop_assert!(folded.is_empty() || folded == due.collect::<Vec<_>>());
        }
    }
}
