//! The list itself, folded from what the hosts say.

use std::collections::BTreeMap;

use crate::core::view::{State, Summary, Tone};
use crate::model::{CheckId, Color};

use super::rank::{Rank, Toward, UNREACHED, exit_code, worst};
use super::trend::Trend;

/// What comes from the hosts.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// All services of a source: those that it had and does not name are gone.
    Services {
        source: usize,
        host: String,
        is_agent: bool,
        services: Vec<Summary>,
    },
    Service {
        source: usize,
        service: Box<Summary>,
    },
    Gone {
        source: usize,
        service: String,
    },
    /// It does not answer: what is known of its services is stale until it does.
    Lost {
        source: usize,
        why: String,
    },
}

/// Which row. The row of a host out of reach has no service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub source: usize,
    pub service: String,
}

/// What one update changed, as far as it is worth a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A row is new, or says something else.
    Row(Key),
    Gone(Key),
    Lost(usize),
    /// It answers, for the first time or again.
    Reached(usize),
}

/// One service.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub summary: Summary,
    /// Whether its host is out of reach: all that is shown is as last heard.
    pub is_stale: bool,
    pub trend: Trend,
    /// When it was last heard of.
    pub heard_ms: u64,
    toward: Toward,
}

impl Row {
    fn new(summary: Summary, now_ms: u64) -> Self {
        Self { summary, is_stale: false, trend: Trend::default(), heard_ms: now_ms, toward: Toward::Far }
    }

    /// Milliseconds until the window ends, at this time.
    pub fn left_ms(&self, now_ms: u64) -> Option<u64> {
        let passed = if self.is_stale { 0 } else { now_ms.saturating_sub(self.heard_ms) };
        self.summary.left_ms.map(|left| left.saturating_sub(passed))
    }

    /// Whether it has all of these words somewhere; they are in lower case.
    pub fn matches(&self, words: &[String]) -> bool {
        let Summary { service, host, release, active, check, title, error, .. } = &self.summary;
        let (word, stale) = (self.summary.word().0, if self.is_stale { "stale" } else { "" });
        let texts = [
            Some(service.as_str()),
            host.as_deref(),
            release.as_deref(),
            active.map(Color::name),
            check.as_ref().map(CheckId::as_str),
            title.as_deref(),
            error.as_deref(),
            Some(word),
            Some(stale),
        ];
        let text = texts.into_iter().flatten().map(str::to_lowercase).collect::<Vec<_>>().join("\n");
        words.iter().all(|word| text.contains(word.as_str()))
    }

    fn take(&mut self, summary: Summary, now_ms: u64) {
        let is_other = |one: &Summary, other: &Summary| one.soak != other.soak || one.check != other.check;
        if is_other(&self.summary, &summary) {
            (self.trend, self.toward) = (Trend::default(), Toward::Far);
        }
        self.toward = self.toward.next(&summary);
        (self.summary, self.is_stale, self.heard_ms) = (summary, false, now_ms);
    }

    fn rank(&self) -> Rank {
        Rank::of(&self.summary, self.toward)
    }

    /// Whether a line about it would say something else.
    fn differs(&self, before: &Summary, was_stale: bool) -> bool {
        let says = |summary: &Summary| (summary.word(), summary.verdict, summary.soak.clone(), summary.error.clone());
        self.is_stale != was_stale || says(&self.summary) != says(before)
    }
}

/// A host that is asked.
#[derive(Clone, Debug, Default, PartialEq)]
struct Source {
    /// As it was given.
    name: String,
    /// As it calls itself.
    host: Option<String>,
    reach: Reach,
    /// Whether it watches any number of services, each with a path of its own.
    is_agent: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    #[default]
    Asked,
    Reached,
    Lost,
}

/// How many rows there are of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub services: usize,
    pub sources: usize,
    /// Sources that have not answered yet.
    pub asked: usize,
    /// By word, the worst first.
    pub words: Vec<(&'static str, Tone, usize)>,
}

/// All rows. Times are milliseconds of a clock that never goes back.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    sources: Vec<Source>,
    rows: BTreeMap<Key, Row>,
}

impl Fleet {
    /// Nothing is known yet of these sources.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let sources = names.into_iter().map(|name| Source { name, ..Source::default() }).collect();
        Self { sources, rows: BTreeMap::new() }
    }

    /// Takes an update and says what it changed.
    pub fn apply(&mut self, update: Update, now_ms: u64) -> Vec<Change> {
        let source = match &update {
            Update::Services { source, .. }
            | Update::Service { source, .. }
            | Update::Gone { source, .. }
            | Update::Lost { source, .. } => *source,
        };
        if source >= self.sources.len() {
            return Vec::new();
        }
        match update {
            Update::Services { host, is_agent, services, .. } => {
                self.sources[source].is_agent = is_agent;
                self.services(source, host, services, now_ms)
            }
            Update::Service { service, .. } => self.service(source, *service, now_ms).into_iter().collect(),
            Update::Gone { service, .. } => self.gone(Key { source, service }).into_iter().collect(),
            Update::Lost { why, .. } => self.lost(source, why, now_ms),
        }
    }

    fn services(&mut self, source: usize, host: String, services: Vec<Summary>, now_ms: u64) -> Vec<Change> {
        let known = &mut self.sources[source];
        let is_news = known.reach != Reach::Reached;
        (known.host, known.reach) = (Some(host), Reach::Reached);
        self.rows.remove(&Key { source, service: String::new() });
        let mut changes: Vec<Change> = is_news.then_some(Change::Reached(source)).into_iter().collect();
        let named: Vec<&str> = services.iter().map(|service| service.service.as_str()).collect();
        let old = self.rows.keys().filter(|key| key.source == source && !named.contains(&key.service.as_str()));
        for key in old.cloned().collect::<Vec<_>>() {
            changes.extend(self.gone(key));
        }
        for service in services {
            changes.extend(self.service(source, service, now_ms));
        }
        changes
    }

    fn service(&mut self, source: usize, summary: Summary, now_ms: u64) -> Option<Change> {
        let host = Some(self.name_of(source).to_owned());
        let summary = Summary { host, ..summary };
        let key = Key { source, service: summary.service.clone() };
        let Some(row) = self.rows.get_mut(&key) else {
            let mut row = Row::new(summary.clone(), now_ms);
            row.take(summary, now_ms);
            self.rows.insert(key.clone(), row);
            return Some(Change::Row(key));
        };
        let (before, was_stale) = (row.summary.clone(), row.is_stale);
        row.take(summary, now_ms);
        row.differs(&before, was_stale).then_some(Change::Row(key))
    }

    fn gone(&mut self, key: Key) -> Option<Change> {
        self.rows.remove(&key).map(|_| Change::Gone(key))
    }

    fn lost(&mut self, source: usize, why: String, now_ms: u64) -> Vec<Change> {
        let name = self.name_of(source).to_owned();
        let host = Summary { host: Some(name.clone()), ..Summary::unreachable(name, why) };
        let key = Key { source, service: String::new() };
        let known = self.rows.insert(key, Row::new(host.clone(), now_ms));
        for (key, row) in &mut self.rows {
            row.is_stale |= key.source == source && !key.service.is_empty();
        }
        self.sources[source].reach = Reach::Lost;
        if known.is_some_and(|row| row.summary == host) { Vec::new() } else { vec![Change::Lost(source)] }
    }

    /// Nobody waits any longer: a source that has not answered by now is a row that says so.
    pub fn give_up(&mut self, why: &str, now_ms: u64) {
        for source in 0..self.sources.len() {
            if self.sources[source].reach == Reach::Asked {
                self.lost(source, why.to_owned(), now_ms);
            }
        }
    }

    /// Lets time pass: every row's course has a point more.
    pub fn tick(&mut self, now_ms: u64) {
        for row in self.rows.values_mut() {
            let running = row.summary.state == State::Watching && !row.is_stale;
            if running {
                row.trend.push(now_ms, row.summary.of_limit());
            }
        }
    }

    /// A source as it calls itself, or as it was given.
    pub fn name_of(&self, source: usize) -> &str {
        self.sources.get(source).map_or("", |source| source.host.as_deref().unwrap_or(&source.name))
    }

    /// Whether a source watches any number of services, each with a path of its own in its API.
    pub fn is_agent(&self, source: usize) -> bool {
        self.sources.get(source).is_some_and(|source| source.is_agent)
    }

    pub fn row(&self, key: &Key) -> Option<&Row> {
        self.rows.get(key)
    }

    /// The rows that have all of these words, the worst first, and those that are equally bad by name.
    pub fn ordered(&self, words: &[String]) -> Vec<Key> {
        let mut rows: Vec<(&Key, &Row, Rank)> = self
            .rows
            .iter()
            .filter(|(_, row)| words.is_empty() || row.matches(words))
            .map(|(key, row)| (key, row, row.rank()))
            .collect();
        rows.sort_by(|one, other| {
            let (a, b) = (&one.1.summary, &other.1.summary);
            let by_name = || a.service.cmp(&b.service).then_with(|| a.host.cmp(&b.host));
            one.2.cmp(&other.2).then_with(by_name).then_with(|| one.0.cmp(other.0))
        });
        rows.into_iter().map(|(key, ..)| key.clone()).collect()
    }

    pub fn counts(&self) -> Counts {
        let asked = self.sources.iter().filter(|source| source.reach == Reach::Asked).count();
        let services = self.rows.keys().filter(|key| !key.service.is_empty()).count();
        let mut words: Vec<(Rank, &'static str, Tone, usize)> = Vec::new();
        for row in self.rows.values() {
            let ((word, tone), rank) = (row.summary.word(), row.rank());
            match words.iter_mut().find(|known| known.1 == word) {
                Some(known) => (known.0, known.3) = (known.0.min(rank), known.3 + 1),
                None => words.push((rank, word, tone, 1)),
            }
        }
        words.sort_unstable_by_key(|(rank, word, ..)| (*rank, *word));
        let words = words.into_iter().map(|(_, word, tone, count)| (word, tone, count)).collect();
        Counts { services, sources: self.sources.len(), asked, words }
    }

    /// Whether every source has answered or failed.
    pub fn is_known(&self) -> bool {
        self.sources.iter().all(|source| source.reach != Reach::Asked)
    }

    /// Whether no soak runs any more, as far as every source says.
    pub fn is_over(&self) -> bool {
        let reached = self.sources.iter().all(|source| source.reach == Reach::Reached);
        reached && self.rows.values().all(|row| row.summary.state != State::Watching)
    }

    /// The worst exit code of all rows; a host that has not answered is one out of reach.
    pub fn exit_code(&self) -> u8 {
        let unreached = self.sources.iter().filter(|source| source.reach != Reach::Reached).map(|_| UNREACHED);
        worst(self.rows.values().map(|row| exit_code(&row.summary)).chain(unreached))
    }
}
