# tcllib's websocket package under wish, as a client: the same orders, the same meter and the same apps as the
# windows in Python, in Tcl. See window.py, meter.py and apps.py for what each part is for.

package require Tk
package require json
package require websocket

set tick 10
set redraw 16
set ahead [expr {4 << 20}]

proc say {text} {
    puts $text
    flush stdout
}

proc now {} { expr {[clock microseconds] / 1e6} }

# ---- the meter

set messages 0
set repaints 0
set late {}
set due 0
set painted 1

proc expect {} {
    set ::due [expr {[now] + $::tick / 1000.0}]
    after $::tick on_tick
}

proc on_tick {} {
    lappend ::late [expr {[now] - $::due}]
    expect
}

proc redraw {} {
    if {$::painted} {
        set ::painted 0
        set step [expr {$::repaints % 200}]
        .canvas coords dot $step $step [expr {$step + 20}] [expr {$step + 20}]
        after idle {set painted 1; incr repaints}
    }
    after $::redraw redraw
}

proc quantile {ordered share} {
    set last [expr {[llength $ordered] - 1}]
    expr {1000 * [lindex $ordered [expr {min($last, int($share * ($last + 1)))}]]}
}

proc finish {} {
    set seconds [expr {[now] - $::began}]
    if {$::due} {
        lappend ::late [expr {max(0.0, [now] - $::due)}]
    }
    set ordered [lsort -real [expr {[llength $::late] ? $::late : 0.0}]]
    say [format {{"seconds": %f, "repaints": %d, "ticks": %d, "late_p50": %f, "late_p99": %f, "late_max": %f, "messages": %d}} \
        $seconds $::repaints [llength $::late] [quantile $ordered 0.5] [quantile $ordered 0.99] \
        [quantile $ordered 1] $::messages]
}

# ---- the orders

proc obey {} {
    if {[gets stdin line] < 0} {
        exit
    }
    set ::began [now]
    if {[dict get $::task timers]} {
        expect
        redraw
    }
    say {{"began": true}}
    if {[dict get $::task app] eq "source"} {
        fill
    }
}

# ---- the apps

# The package writes to a socket that blocks: what it has not taken holds the window up, and nothing waits.
proc fill {} {
    if {[websocket::send $::sock binary $::payload] < 0} {
        return
    }
    incr ::messages
    after 0 {after idle fill}
}

proc handle {sock type message} {
    switch -- $type {
        text - binary {
            incr ::messages
            if {$::echoes} {
                websocket::send $sock $type $message
            }
        }
        connect    { say {{"ready": true}} }
        disconnect { finish }
    }
}

set task [json::json2dict [gets stdin]]
set echoes [expr {[dict get $task app] eq "echo"}]
set payload [string repeat 0123456789abcdef [expr {[dict get $task size] / 16}]]
canvas .canvas -width 320 -height 240
pack .canvas
.canvas create oval 10 10 30 30 -fill navy -tags dot
update
fileevent stdin readable obey
set sock [websocket::open ws://127.0.0.1:[dict get $task port]/ handle]
