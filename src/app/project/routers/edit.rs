//! `sed` on a router's file: the script's own expression, for either color.

use super::copy::UNCONFIRMED;
use super::{Choice, HOLE, Look, Setting, is_port};
use super::{reload, snippet};
use crate::app::project::instances::{only_color, port};
use crate::app::project::shell::{Command, Script};
use crate::config::shell_word;
use crate::model::Color;

/// Stands for the color or port of before.
const OTHER: &str = "\u{4}";

/// `s/FROM/TO/` with its variables filled in as far as they are known.
struct Substitution {
    delimiter: char,
    from: String,
    to: String,
    flags: String,
}

/// What the replacement says: a color's name, or a port.
enum Says {
    Color,
    Port,
}

pub fn find(look: &Look) -> Option<Choice> {
    look.commands()
        .filter(|(_, command)| command.program() == "sed")
        .find_map(|(script, command)| of(look, script, command))
}

fn of(look: &Look, script: &Script, command: &Command) -> Option<Choice> {
    let option = |letter: char| {
        command.words[1..].iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let file = command.words.last()?;
    // `sed … FILE > tmp; mv tmp FILE` edits it, too.
    let written = command.output.as_ref().is_some_and(|output| snippet::renamed(script, output) == *file);
    if !(option('i') || written || command.words.iter().any(|word| word.starts_with("--in-place"))) {
        return None;
    }
    let extended = option('E') || option('r') || command.words.iter().any(|word| word == "--regexp-extended");
    let path = look.path(script, command, file)?;
    let text = path.display().to_string();
    let is_router = ["nginx", "haproxy", "caddy", "Caddy", "traefik", ".conf", ".cfg", ".inc", "upstream"]
        .iter()
        .any(|word| text.contains(word));
    let expression = command.words[1..].iter().find(|word| word.starts_with(['s', 'y']) && word.len() > 4)?;
    let substitution = Substitution::parse(&script.fill(expression))?;
    if !is_router || substitution.from.contains('\'') || substitution.to.contains('\'') {
        return None;
    }
    let says = substitution.says(script).filter(|says| substitution.looks_for(script, says))?;
    let place = &command.place;
    let sudo = if command.sudo { "sudo -n " } else { "" };
    let behind = reload::behind(script, command);
    let (blue, green) = (&look.instances.blue, &look.instances.green);
    let (blue, green) = (port(blue.first()?)?, port(green.first()?)?);
    let edit = substitution.for_either(&says);
    let asks = edit.contains("$other");
    let choose = match (&says, asks) {
        (Says::Color, false) => String::new(),
        (Says::Color, true) => "case {color} in blue) other=green ;; *) other=blue ;; esac && ".to_owned(),
        (Says::Port, false) => format!("case {{color}} in blue) to={blue} ;; *) to={green} ;; esac && "),
        (Says::Port, true) => {
            format!("case {{color}} in blue) to={blue} other={green} ;; *) to={green} other={blue} ;; esac && ")
        }
    };
    let dialect = if extended { " -E" } else { "" };
    let file = shell_word(&text);
    let switch = format!("{choose}{sudo}sed -i{dialect} \"{edit}\" {file}{behind}");
    let read = substitution.read(&says, [blue, green], extended);
    Some(Choice {
        settings: vec![
            Setting::text("router.kind", "command", format!("{place} edits {text} in place")),
            Setting::list(
                "router.switch",
                vec!["sh".to_owned(), "-c".to_owned(), switch],
                format!("what {place} does, for either color"),
            ),
            Setting::list(
                "router.read",
                vec!["sed".to_owned(), if extended { "-nE" } else { "-n" }.to_owned(), read, text],
                "reads what was replaced",
            ),
        ],
        notes: vec![UNCONFIRMED.to_owned()],
    })
}

impl Substitution {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('s')?;
        let delimiter = rest.chars().next().filter(|c| !c.is_alphanumeric() && *c != HOLE)?;
        let mut parts: Vec<String> = vec![String::new()];
        let mut chars = rest.chars().skip(1);
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    let part = parts.last_mut()?;
                    part.push('\\');
                    part.extend(chars.next());
                }
                c if c == delimiter => parts.push(String::new()),
                c => parts.last_mut()?.push(c),
            }
        }
        let [from, to, flags] = <[String; 3]>::try_from(parts).ok()?;
        Some(Self { delimiter, from, to, flags })
    }

    fn says(&self, script: &Script) -> Option<Says> {
        let holes: Vec<&str> = self.to.split(HOLE).collect();
        match holes.len() {
            1 => only_color(&self.to).map(|_| Says::Color),
            3 if is_port(script, holes[1], holes[0]) => Some(Says::Port),
            3 => Some(Says::Color),
            _ => None,
        }
    }

    /// Whether what it looks for is the same kind of thing, and no more.
    fn looks_for(&self, script: &Script, says: &Says) -> bool {
        let parts: Vec<&str> = self.from.split(HOLE).collect();
        match parts.as_slice() {
            [_] => true,
            [before, variable, _] => is_port(script, variable, before) == matches!(says, Says::Port),
            _ => false,
        }
    }

    /// The replacement around what it says.
    fn around(&self) -> (String, String) {
        if let Some((before, rest)) = self.to.split_once(HOLE) {
            let after = rest.split_once(HOLE).map_or("", |(_, after)| after);
            return (before.to_owned(), after.to_owned());
        }
        let color = only_color(&self.to).unwrap_or(Color::Blue);
        self.to
            .split_once(color.name())
            .map(|(before, after)| (before.to_owned(), after.to_owned()))
            .unwrap_or_default()
    }

    /// The expression with `$other` for what is replaced, and `{color}` or `$to` for what replaces it.
    fn for_either(&self, says: &Says) -> String {
        let (before, after) = self.around();
        let put = match says {
            Says::Color => "{color}",
            Says::Port => "$to",
        };
        // What the script looks for may name the color or the port of before.
        let from: Vec<&str> = self.from.split(HOLE).collect();
        let mut from =
            from.iter().enumerate().map(|(at, part)| if at % 2 == 0 { *part } else { OTHER }).collect::<String>();
        if let (Says::Color, Some(color)) = (says, only_color(&from)) {
            from = from.replace(color.name(), OTHER);
        }
        let d = self.delimiter;
        let text = format!("s{d}{from}{d}{before}{put}{after}{d}{}", self.flags);
        // In double quotes the shell would take other signs for variables.
        let text = text
            .replace("$to", "\u{2}")
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('`', "\\`")
            .replace('$', "\\$");
        text.replace('\u{2}', "$to").replace(OTHER, "$other")
    }

    fn read(&self, says: &Says, [blue, green]: [&str; 2], extended: bool) -> String {
        let (before, after) = self.around();
        // A group of the expression stands for what it matched.
        let special = if extended { "[*(){}+?|$^" } else { "[*" };
        let literal = |text: &str| {
            let text = text.replace("\\1", ".*").replace("\\2", ".*");
            let escaped = text.split(".*").map(|part| {
                part.chars()
                    .flat_map(|c| special.contains(c).then_some('\\').into_iter().chain([c]))
                    .collect::<String>()
            });
            escaped.collect::<Vec<_>>().join(".*").replace('&', ".*")
        };
        let (before, after) = (literal(&before), literal(&after));
        let d = self.delimiter;
        match says {
            Says::Color => {
                // A `|` in the expression would end it where that is the delimiter.
                let d = if d == '|' { ',' } else { d };
                let any = if extended { "(blue|green)" } else { "\\(blue\\|green\\)" };
                format!("s{d}.*{before}{any}{after}.*{d}\\1{d}p")
            }
            Says::Port => {
                format!("s{d}.*{before}{blue}{after}.*{d}blue{d}p; s{d}.*{before}{green}{after}.*{d}green{d}p")
            }
        }
    }
}
