# A party to scripted conversations over tcllib's websocket package, one after the other.
#
# It reads the part that it has to play from standard input, an entry a line:
#
#   text|binary HEX FINAL    send a message, or a fragment where FINAL is 0
#   ping|pong HEX            send one
#   close CODE HEX           close, with a reason; CODE is "-" for none
#   find HOST PORT           count the connections that the package finds; PORT is "-" for that of the peer
#   conninfo WHAT            ask for a piece of information
#   wait TYPE                go on when the handler is told of TYPE
#
# HEX is the message, in UTF-8 where it is a text. The conversation begins with one of
#
#   serve PATH PROTOCOL      as the server, for the globs of `live`; the port is told as ["listening", PORT]
#   open URL ?PROTOCOL ...?  as the client
#
# Whatever the package tells the handler, and whatever a command returns, is written to standard output as a
# JSON list of strings, one a line, then ["over"]. The end of standard input ends the process.

package require websocket
package require json::write

namespace eval party {
    variable part {}
    variable waiting connect
    variable current ""
    variable failed 0
    variable listening ""
    variable limit 120000
    variable silence 20
}

proc party::main {} {
    variable limit
    json::write indented false
    fconfigure stdout -encoding utf-8 -translation lf -buffering line
    interp bgerror {} party::fail
    [logger::servicecmd websocket]::logproc error ::party::log
    fileevent stdin readable party::obey
    after $limit {exit 3}
    vwait forever
}

proc party::obey {} {
    variable part
    if {[gets stdin line] < 0} {
        exit
    }
    set words [lassign [split $line] order]
    switch -- $order {
        serve - open { begin; $order {*}$words }
        default      { lappend part [list $order {*}$words] }
    }
}

proc party::begin {} {
    variable waiting connect
    variable failed 0
}

proc party::open {url args} {
    websocket::open $url party::handle -protocol $args
}

proc party::serve {path protocol} {
    variable listening
    if {$listening ne ""} {
        close $listening
    }
    set listening [websocket::server [socket -server party::accept -myaddr 127.0.0.1 0]]
    websocket::live $listening $path party::handle $protocol
    tell listening [lindex [fconfigure $listening -sockname] 2]
}

proc party::tell {args} {
    puts [json::write array {*}[lmap word $args {json::write string $word}]]
}

# The handler of the connection.
proc party::handle {sock type message} {
    variable waiting
    variable current $sock
    variable failed
    if {$failed} {
        return
    }
    switch -- $type {
        connect              { tell $type [lindex $message 0] {*}[lindex $message 1] }
        close                { tell $type {*}$message }
        text                 { tell $type $message }
        binary - ping - pong { tell $type [binary encode hex $message] }
        error                { tell $type [regexp -inline {\d{3}} $message] }
        default              { tell $type }
    }
    switch -- $type {
        close              { tell sent [websocket::send $sock text "too late"] }
        disconnect - error { leave }
    }
    if {$type eq $waiting} {
        play $sock
    }
}

# Does what comes next, up to where it has to wait.
proc party::play {sock} {
    variable part
    variable waiting ""
    while {[llength $part]} {
        set part [lassign $part entry]
        lassign $entry action first second
        switch -- $action {
            wait        { set waiting $first; return }
            text        { tell sent [websocket::send $sock text [decode $first] $second] }
            binary      { tell sent [websocket::send $sock binary [binary decode hex $first] $second] }
            ping - pong { tell sent [websocket::send $sock $action [binary decode hex $first]] }
            find        { tell find [llength [websocket::find $first [port_of $sock $second]]] }
            conninfo    { tell $first [websocket::conninfo $sock $first] }
            close       { websocket::close $sock [expr {$first eq "-" ? "" : $first}] [decode $second] }
        }
    }
}

proc party::decode {hex} {
    return [encoding convertfrom utf-8 [binary decode hex $hex]]
}

proc party::port_of {sock port} {
    return [expr {$port eq "-" ? [lindex [fconfigure $sock -peername] 2] : $port}]
}

# What the package logs goes to standard output otherwise.
proc party::log {sentence} {
    puts stderr $sentence
}

# An error that no command returned: the package has left the connection in some state for good.
proc party::fail {message options} {
    variable current
    variable failed 1
    tell bgerror $message
    catch {websocket::close $current}
    leave
}

# Ends the conversation; gives what might still come the time to come.
proc party::leave {} {
    variable part {}
    variable silence
    after $silence {party::tell over}
}

# As much of an HTTP server as the package leaves to its users.

proc party::accept {sock host port} {
    fconfigure $sock -translation crlf -blocking 0
    fileevent $sock readable [list party::read_line $sock {}]
}

# Reads the request line, then the headers, which gather in a list.
proc party::read_line {sock request {headers {}}} {
    if {[gets $sock line] < 0} {
        if {[eof $sock]} {
            close $sock
        }
        return
    }
    if {$request eq {}} {
        set request [lindex [split $line] 1]
    } elseif {$line eq ""} {
        fileevent $sock readable {}
        answer $sock $request $headers
        return
    } else {
        regexp {^([^:]+):\s*(.*)$} $line -> name value
        lappend headers $name $value
    }
    fileevent $sock readable [list party::read_line $sock $request $headers]
}

proc party::answer {sock target headers} {
    variable listening
    lassign [split $target ?] path pairs
    set query [concat {*}[lmap pair [split $pairs &] {split $pair =}]]
    # Version 1.4.2 takes a request for valid only where it has this header, which its own client always sends.
    if {"sec-websocket-protocol" ni [string tolower $headers]} {
        lappend headers Sec-WebSocket-Protocol ""
    }
    if {[websocket::test $listening $sock $path $headers $query]} {
        websocket::upgrade $sock
    } else {
        puts $sock "HTTP/1.1 404 Not Found\nContent-Length: 0\nConnection: close\n"
        close $sock
    }
}

party::main
