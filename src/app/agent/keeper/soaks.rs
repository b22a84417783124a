//! Soaks of one deployment: opened, run to their ends, and asked for.

use std::sync::{Mutex, PoisonError};

use tokio::time::sleep;

use super::{Keeper, PAUSE};
use crate::app::agent::switched::Seen;
use crate::app::agent::told::told;
use crate::app::agent::wish;
use crate::app::deploy::{Binding, Deployment};
use crate::app::headless::{Happened, News};
use crate::app::monitor;
use crate::app::monitor::{Begin, Finished, OnSignal, OpenError, Opened, Opening};
use crate::config::Loaded;
use crate::core::view::{Summary, Tone};
use crate::io::control::{Begun, NotBegun, Ordered, Row, Run, What};
use crate::io::state::State;
use crate::io::tasks::boxed;
use crate::model::{Actor, Color, Ending};

impl Keeper {
    /// Opens a run; also what was told meanwhile.
    pub(super) async fn open(
        &self,
        loaded: &Loaded,
        begin: Begin,
        actor: Actor,
    ) -> (Result<Opening, OpenError>, Vec<String>) {
        let told = Mutex::new(Vec::new());
        let note = |text: &str| {
            self.tell(Happened::Note, text);
            told.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        };
        let opened = monitor::open(&self.shared.ports, loaded, begin, actor, &note).await;
        (opened, told.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Carries out what somebody asked for.
    pub(super) async fn ordered(&mut self, ordered: Ordered) {
        let Ordered { wish, actor, answer } = ordered;
        let begin = wish::begin(&wish.what);
        let opening = async {
            let unread = |error: &dyn std::fmt::Display| wish::not_begun(2, error.to_string());
            let loaded = wish::configuration(&self.candidate, &wish, None)?;
            let deployment = Deployment::open_in(&self.shared.ports, &loaded.config).map_err(|error| unread(&error))?;
            let onto = match wish.what {
                What::Switch { to, .. } => Some(to.other()),
                What::Soak | What::Resume => {
                    deployment.state_file().read().ok().and_then(|state| Some(Binding::to(&state).ok()?.previous))
                }
            };
            let caution = match onto {
                Some(onto) => self.caution(&deployment, onto).await,
                None => None,
            };
            let loaded = wish::configuration(&self.candidate, &wish, caution)?;
            let opened = self.open(&loaded, begin, actor).await;
            Ok((loaded, deployment, opened))
        };
        let turns = self.shared.turns.clone();
        let (loaded, deployment, (opened, told)) = match turns.during(Box::pin(opening)).await {
            Ok(opened) => opened,
            Err(not_begun) => return drop(answer.send(Err(not_begun))),
        };
        match opened {
            Ok(Opening::Ready(opened)) => {
                let soak = Some(opened.settings().soak.clone());
                let socket = Some(loaded.config.control.socket.clone());
                let _ = answer.send(Ok(Begun { told, soak, socket, ending: None }));
                self.watch(&deployment, &loaded, opened, false).await;
                if matches!(begin, Begin::Switch { soak: false, .. }) {
                    self.judged = deployment.state_file().read().ok().as_ref().map(Seen::of);
                }
            }
            Ok(Opening::Ended { soak, ending }) => {
                let _ = answer.send(Ok(Begun { told, soak, socket: None, ending: Some(ending) }));
            }
            Err(error) => drop(answer.send(Err(NotBegun { told, ..wish::refused(&error) }))),
        }
        (self.version, self.doubtful) = (None, true);
    }

    /// Runs a soak to its end.
    pub(super) async fn watch(&mut self, deployment: &Deployment, loaded: &Loaded, opened: Box<Opened>, resumed: bool) {
        let hub = opened.hub();
        let settings = opened.settings().clone();
        self.cleared();
        self.shared.board.count_begun();
        let run = Run {
            hub: hub.clone(),
            status: monitor::status_of(deployment, &hub),
            socket: loaded.config.control.socket.clone(),
        };
        self.shared.board.show(Row {
            run: Some(run.clone()),
            begin: Some(self.begin.clone()),
            note: self.note(),
            ..Row::new(Summary::idle(&self.candidate.service, Some(settings.color)))
        });
        let release = settings.known_release().map(str::to_owned);
        let (what, verb) = match (resumed, hub.with_view(Summary::of).word()) {
            (false, _) => (Happened::Begun, "began".to_owned()),
            (true, (_, Tone::Plain)) => (Happened::Resumed, "resumed".to_owned()),
            // What was told before the agent ended still is so: held, blind, rolling back.
            (true, (word, _)) => (Happened::Resumed, format!("resumed, {word}")),
        };
        let named = release.as_ref().map(|release| format!(", release {release}")).unwrap_or_default();
        let message = format!("soak {} of {}{named} {verb}", settings.soak, settings.color);
        let news = News {
            soak: Some(settings.soak.clone()),
            color: Some(settings.color),
            release,
            ..News::new(what, message).of(&self.candidate.service)
        };
        self.shared.teller.tell(news.clone());
        let mut decisions = hub.decisions();
        let mut task = tokio::spawn(boxed(monitor::run(*opened, OnSignal::Save, None)));
        let finished = loop {
            tokio::select! {
                biased;
                Some(update) = decisions.recv() => {
                    for (what, message) in told(&update) {
                        self.shared.teller.tell(News { what, message: message.to_owned(), ..news.clone() });
                    }
                }
                finished = &mut task => break finished,
                Ok(()) = self.wanted.changed() => self.rewanted_during(&settings.soak),
                Some(ordered) = self.wishes.recv() => answer_during(ordered, &run, &settings.soak, &self.candidate.service),
            }
        };
        let end = hub.with_view(|view| {
            let machine = view.machine();
            (machine.settings().color, machine.settings().last_switch)
        });
        match finished {
            Ok(Finished::Ended(ending)) => {
                let state = deployment.state_file().read().ok();
                let block = state.as_ref().and_then(State::soak);
                let is_shown = block.is_some_and(|block| block.id == settings.soak && block.outcome.is_some());
                // On a full disk only this process knows that it has ended.
                self.over = (!is_shown && monitor::ending_of_run(&loaded.config, &settings.soak).is_none())
                    .then(|| settings.soak.clone());
                self.judged = state.as_ref().map(Seen::of).filter(|seen| (seen.active, seen.last_switch) == end);
                self.seen = self.judged.or(Some(Seen::watched(end.0, end.1)));
                self.ended(&settings.soak, settings.color, &ending);
            }
            Ok(Finished::StoodDown) => {
                self.doubtful = true;
                self.tell(Happened::Saved, format!("soak {} continues where the next host leads", settings.soak));
            }
            Ok(Finished::Saved | Finished::CutOff) => {
                self.tell(Happened::Saved, format!("soak {} is saved", settings.soak));
            }
            Err(error) => {
                self.shared.board.count_restart();
                self.doubtful = true;
                self.failed(format!("soak {} broke off and is resumed: {error}", settings.soak));
                sleep(PAUSE).await;
            }
        }
        let summary = hub.with_view(Summary::of);
        self.shared.board.show(Row {
            status: Some(super::shown::status_of(deployment)),
            begin: Some(self.begin.clone()),
            ..Row::new(summary)
        });
        self.version = None;
    }

    pub(super) fn ended(&self, soak: &str, color: Color, ending: &Ending) {
        let message = format!("soak {soak} of {color} ended {}: {}", ending.outcome, ending.reason);
        let news = News {
            soak: Some(soak.to_owned()),
            color: Some(color),
            outcome: Some(ending.outcome),
            exit_code: Some(ending.exit_code()),
            ..News::new(Happened::Ended, message)
        };
        self.shared.teller.tell(news.of(&self.candidate.service));
    }
}

/// Answers whoever asks for a run while one is under way. A soak that is asked for is the one that runs.
fn answer_during(ordered: Ordered, run: &Run, soak: &str, service: &str) {
    let Ordered { wish, answer, .. } = ordered;
    let answered = match wish.what {
        What::Soak | What::Resume => Ok(Begun {
            told: vec![format!("the agent watches `{service}` already: this follows soak {soak}")],
            soak: Some(soak.to_owned()),
            socket: Some(run.socket.clone()),
            ending: None,
        }),
        What::Switch { .. } => {
            let next = format!("switchback attach --service {service}");
            Err(wish::not_begun(10, format!("the agent watches `{service}` already (soak {soak})\nnext: {next}")))
        }
    };
    let _ = answer.send(answered);
}
