//! What a move would do to the included file, found out without touching it.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use super::error::IncludeError;
use super::include::{Standing, failed};
use super::master::FileMount;
use super::place::Place;
use super::write::folder;
use crate::model::Color;

pub fn how(standing: &Standing, to: Color) -> Result<String, IncludeError> {
    let writable = |path: &Path| access(path, Access::WRITE_OK).map_err(io::Error::from);
    match &standing.place {
        Place::Link(link) => {
            writable(folder(&link.link)).map_err(failed("write", &link.link))?;
            let (from, to) = (link.text(link.shows).display(), link.text(to).display());
            Ok(format!("move the link `{}` from `{from}` to `{to}`", link.link.display()))
        }
        Place::File { path, .. } => {
            let mounted = standing.mount == Some(FileMount::Ours);
            let by_rename = if mounted { Err(None) } else { writable(folder(path)).map_err(Some) };
            let in_place = match by_rename {
                Ok(()) => "",
                Err(None) => {
                    writable(path).map_err(failed("write", path))?;
                    " in place, as nginx sees it through a mount of that single file"
                }
                Err(Some(error)) => {
                    let file = standing.bytes().is_some() && writable(path).is_ok();
                    if !file {
                        return Err(failed("write", path)(error));
                    }
                    " in place, as its folder cannot be written"
                }
            };
            Ok(format!("write `{}`{in_place} for {to}", path.display()))
        }
    }
}
