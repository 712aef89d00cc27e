//! What a stranger could make of the tool: learn a secret from it, have it print what a terminal obeys, stop it with
//! settings or documents that mean harm, pose as one of its ends, or look over its shoulder.

mod bill; // what it is made of, written down
mod echo; // servers that repeat what they were sent
mod exposure; // the metrics page, under siege
mod files; // whose the files are that it makes
mod hostile; // documents that mean harm
mod impostors; // ends that show certificates which do not hold
mod planted; // secrets that can be found again, in every form
mod provoked; // every failure there is, with secrets planted
mod settings; // settings that mean harm
mod shown; // names that mean harm, and what is shown of them
mod worked; // the same secrets where nothing fails
