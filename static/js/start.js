/* Runs before the page is drawn: marks that scripts work, so that nothing jumps when they load. */
document.documentElement.classList.add("js");
