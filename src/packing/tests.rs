use std::path::Path;

use proptest::prelude::*;

use super::*;

fn lines(text: &str) -> Vec<Vec<u8>> {
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}

fn unpacked(unpacker: &mut Unpacker, packed: &[u8]) -> Vec<Vec<u8>> {
    unpacker.unpack(packed).unwrap().unwrap()
}

/// What packing leaves of the lines, block by block; each is read back as it was.
fn packed_sizes(blocks: &[Vec<Vec<u8>>]) -> Vec<usize> {
    let (mut into, mut from) = (Packer::default(), Unpacker::default());
    blocks
        .iter()
        .map(|block| {
            let packed = into.pack(block).unwrap();
            assert_eq!(unpacked(&mut from, &packed), *block);
            packed.len()
        })
        .collect()
}

#[test]
fn recordings_are_the_same_packed_and_unpacked() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    for name in [
        "recordings/error-rate.jsonl",
        "recordings/readiness.jsonl",
        "before/healthy/soaks/20261129T133040Z-4acd.jsonl",
    ] {
        let all = lines(&std::fs::read_to_string(fixtures.join(name)).unwrap());
        let plain: usize = all.iter().map(Vec::len).sum();
        let blocks: Vec<Vec<Vec<u8>>> = all.chunks(30).map(<[_]>::to_vec).collect();
        let packed: usize = packed_sizes(&blocks).iter().sum();
        assert!(packed * 3 < plain * 2, "{name}: {packed} bytes of {plain}");
    }
}

#[test]
fn what_has_been_packed_before_is_known() {
    let block = |at: u64| {
        let line = |instance: u64| {
            let total = 1_000 * instance + 50 * at;
            format!(
                r#"{{"seq":{},"at_ms":{},"event":"sampled","instance":{instance},"total":{total}}}"#,
                at * 100 + instance,
                at * 1_000
            )
        };
        (0..100).map(|instance| line(instance).into_bytes()).collect::<Vec<_>>()
    };
    let sizes = packed_sizes(&(0..20).map(block).collect::<Vec<_>>());
    assert!(sizes[0] > 400 && sizes[19] < 120, "{sizes:?}");
}

#[test]
fn a_reader_says_what_is_wrong_with_a_packed_line() {
    let block = lines(&"{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n".repeat(9));
    let mut packer = Packer::default();
    let first = packer.pack(&block).unwrap();
    let second = packer.pack(&block).unwrap();
    let text = String::from_utf8(first).unwrap();
    let unpack = |text: &str| Unpacker::default().unpack(text.as_bytes()).unwrap().unwrap_err();
    assert_eq!(unpack(std::str::from_utf8(&second).unwrap()), "the packed line in front of it is missing");
    for (from, to, complaint) in [
        ("\"packed\":1", "\"packed\":2", "version 2"),
        ("\"lines\":18", "\"lines\":4097", "at most 4096"),
        ("\"lines\":18", "\"lines\":17", "checksum"),
        ("\"crc\":", "\"crc\":1", "checksum"),
        ("[\"{", "[\"\",\"{", "checksum"),
        ("\"templates\":", "\"templated\":", "names template 0"),
        ("\"texts\":", "\"texted\":", "names text 0"),
        ("\"data\":\"", "\"data\":\"!", "its data is damaged"),
    ] {
        assert!(text.contains(from), "{text}");
        let why = unpack(&text.replacen(from, to, 1));
        assert!(why.contains(complaint), "{to}: {why}");
    }
    assert!(Unpacker::default().unpack(b"{\"seq\":1}").is_none());
}

#[test]
fn lines_that_would_not_be_smaller_stay_as_they_are() {
    let mut packer = Packer::default();
    assert_eq!(packer.pack(&[] as &[Vec<u8>]), None);
    assert_eq!(packer.pack(&lines("1\n2")), None);
    assert_eq!(packer.pack(&[vec![0xff; 900], vec![0xff; 900]]), None, "not UTF-8");
    assert_eq!(packer.pack(&vec![b"[1,2,3]".to_vec(); MAX_LINES + 1]), None);
    let after = packer.pack(&vec![b"[1,2,3]".to_vec(); MAX_LINES]).unwrap();
    assert_eq!(unpacked(&mut Unpacker::default(), &after).len(), MAX_LINES, "it begins anew");
}

#[test]
fn a_model_that_has_grown_large_begins_anew() {
    let (mut into, mut from) = (Packer::default(), Unpacker::default());
    let mut fresh = 0;
    for at in 0..24 {
        let block: Vec<Vec<u8>> =
            (0..100).map(|line| format!("[\"{at} {line} {}\"]", "x".repeat(1_000)).into_bytes()).collect();
        // Each text is new: nothing is gained, and only what is learned counts here.
        let block: Vec<Vec<u8>> = block.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
        let packed = into.pack(&block).unwrap();
        fresh += usize::from(String::from_utf8_lossy(&packed).contains("\"fresh\":true"));
        assert_eq!(unpacked(&mut from, &packed), block);
    }
    assert_eq!(fresh, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn anything_is_read_back(blocks in proptest::collection::vec(proptest::collection::vec("[\\[{]?(\"[a-c]\":?|[0-9]{1,20}|[,#$.-]|é){0,12}[\\]}]?", 1..40), 1..6)) {
        let (mut into, mut from) = (Packer::default(), Unpacker::default());
        for block in blocks {
            let block: Vec<Vec<u8>> = block.into_iter().map(String::into_bytes).collect();
            // What is no JSON has texts that are none; such lines stay as they are.
            let Some(packed) = into.pack(&block) else { continue };
            prop_assert_eq!(unpacked(&mut from, &packed), block);
        }
    }

    #[test]
    fn any_data_is_read_without_a_panic(data in proptest::collection::vec(any::<u8>(), 0..200), lines in 0..300_usize) {
        let line = format!(
            r#"{{"packed":1,"lines":{lines},"fresh":true,"templates":["{{\"a\":#,\"b\":[#,#]}}","$"],"texts":["x"],"crc":0,"data":"{}"}}"#,
            to_text(&data)
        );
        let _ = Unpacker::default().unpack(line.as_bytes());
    }
}
