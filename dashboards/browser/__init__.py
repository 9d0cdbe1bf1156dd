"""The results browser: all runs, one run, two runs side by side, and the drill in progress, as pages in a web browser.

==============  =========================================================================================
serve           listens, ends on a signal
app             which address leads to which page
security        what is refused before any page sees it, and the headers of every answer
token           proves that a form that stops a drill is one of ours
folder          names of runs and files, and nothing outside the results folder
shelf           all runs, each verdict read once
choice          filter of the list
figures         which figures are shown, and which check holds their objective
trend           figures of one drill over its runs, as geometry of a picture
judged          one run: its verdict, checks, files
pages           list, run, file, comparison
side_by_side    comparison of two runs, made once, in a process of its own (`compared`)
scene           a drill in progress, as its files tell it
live            live page, its events, and the one order that can be given: stop
==============  =========================================================================================
"""
