//! `Object.assign`: an object's members merged into another's.

use super::{Data, object};
use crate::Error;
use crate::buffer::Buffer;
use crate::json::{self, Member, Unescaped, slice};

/// Above this many members in an update, the one that replaces an existing member is found by
/// binary search.
const FEW_MEMBERS: usize = 8;

impl Data {
    /// The object with the members of another one merged in, as `Object.assign` does: a name that
    /// is there keeps its place and its spelling and gets the new value, others go last.
    pub(crate) fn merged(&self, update: &[u8]) -> Result<Data, Error> {
        let update = object(update)?;
        let text = self.as_bytes();
        let members = Members::of(&update)?;
        let mut used = Vec::new();
        used.try_reserve_exact(members.list.len())
            .map_err(|_| Error::memory())?;
        used.resize(members.list.len(), false);

        // The braces of one of them are spared, which is room for a comma and the NUL.
        let mut out = Buffer::with_room(text.len() + update.len())?;
        out.push(b'{');
        for old in json::members(text) {
            let new = members.position(slice(text, old.name.clone()))?;
            let value = match new.and_then(|i| Some((members.list.get(i)?, used.get_mut(i)?))) {
                // A name twice, in data that no sealer should have written: the first is the one.
                Some((_, used)) if *used => continue,
                Some((member, used)) => {
                    *used = true;
                    slice(&update, member.value.clone())
                }
                None => slice(text, old.value.clone()),
            };
            comma(&mut out);
            out.extend_from_slice(slice(text, old.name.start - 1..old.value.start));
            out.extend_from_slice(value);
        }
        for (member, used) in members.list.iter().zip(used) {
            if !used {
                comma(&mut out);
                out.extend_from_slice(slice(&update, member.name.start - 1..member.value.end));
            }
        }
        out.push(b'}');
        Ok(Data::terminated(out))
    }
}

/// The members of an update, to be looked up by the name as an existing member spells it.
struct Members<'a> {
    text: &'a [u8],
    list: Vec<Member>,
    /// Their names, unescaped and sorted, and where each stands in the list; empty where there are
    /// few.
    by_name: Vec<(Unescaped<'a>, usize)>,
}

impl<'a> Members<'a> {
    fn of(text: &'a [u8]) -> Result<Members<'a>, Error> {
        let count = json::members(text).count();
        let mut list = Vec::new();
        list.try_reserve_exact(count).map_err(|_| Error::memory())?;
        list.extend(json::members(text));
        let mut by_name = Vec::new();
        if count > FEW_MEMBERS {
            by_name
                .try_reserve_exact(count)
                .map_err(|_| Error::memory())?;
            for (i, member) in list.iter().enumerate() {
                by_name.push((json::unescape(slice(text, member.name.clone()))?, i));
            }
            #[expect(
                clippy::unnecessary_sort_by,
                reason = "a key is not lent by what is sorted"
            )]
            by_name.sort_unstable_by(|(a, _), (b, _)| (**a).cmp(&**b));
        }
        Ok(Members {
            text,
            list,
            by_name,
        })
    }

    fn position(&self, escaped: &[u8]) -> Result<Option<usize>, Error> {
        let name = json::unescape(escaped)?;
        if self.list.len() > FEW_MEMBERS {
            let found = self
                .by_name
                .binary_search_by(|(known, _)| (**known).cmp(&*name))
                .ok();
            return Ok(found.and_then(|at| Some(self.by_name.get(at)?.1)));
        }
        let is_named =
            |member: &Member| json::stands_for(slice(self.text, member.name.clone()), &name);
        Ok(self.list.iter().position(is_named))
    }
}

fn comma(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}
