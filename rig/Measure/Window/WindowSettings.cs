using Lab.Settings;
using Lab.Time;

namespace Lab.Measure;

/// <summary>Whether actor threads are bound to cores.</summary>
public enum Pinning
{
    /// <summary>One core each when there are enough cores, otherwise not at all.</summary>
    Auto,

    /// <summary>Round-robin over the allowed cores, several to a core when they are fewer than the actors.</summary>
    On,

    Off,
}

/// <summary>Every step that is recorded under a metric takes longer, by a share of its own time.</summary>
public sealed record Injection(string Metric, double Share);

/// <summary>How long and under which conditions <see cref="TimedMeasurement"/> measures.</summary>
public sealed record WindowSettings
{
    /// <summary>Length of the timing window.</summary>
    public TimeSpan Duration { get; init; } = Declared.Duration.DefaultValue;

    /// <summary>The load runs at least this long before the window, even when every actor says that it is warm.</summary>
    public TimeSpan WarmupMinimum { get; init; } = Declared.Warmup.DefaultValue;

    /// <summary>An actor that is not warm by then is measured cold, and a note says so.</summary>
    public TimeSpan WarmupLimit { get; init; } = Declared.WarmupLimit.DefaultValue;

    /// <summary>How much longer than that the load may run until it is steady (<see cref="SteadyState"/>); a load that is not
    /// steady by then is measured all the same, and a note says so. Zero does not ask.</summary>
    public TimeSpan SteadyLimit { get; init; }

    /// <summary>The run is given up when an actor completes no step for this long (<see cref="Watchdog"/>).</summary>
    public TimeSpan WatchdogTimeout { get; init; } = Declared.Watchdog.DefaultValue;

    /// <summary>The longest that an actor can stand still before the run is given up.</summary>
    public TimeSpan LongestStandstill => Watchdog.Longest(WatchdogTimeout);

    /// <summary>Counts whatever happens between the steps; null for nothing. While it moves, an actor that stands still may be
    /// waiting for that, and has up to <see cref="Watchdog.Patience"/> times the timeout. Asked by the coordinating thread,
    /// beside all others.</summary>
    public Func<long>? OthersProgress { get; init; }

    /// <summary>How long after the window a fixed-rate actor that fell behind may go on with the steps it owes; what it still
    /// owes then is reported as <see cref="ActorResult.OwedStepCount"/>.</summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Into how many intervals the timelines cut the window; 1 … <see cref="Timeline.MostIntervals"/>.</summary>
    public int IntervalCount { get; init; } = 100;

    /// <summary>Room in each recorder for its slower samples one by one (<see cref="SampleLog"/>), and whether actors look at
    /// what the kernel does to their threads: what it takes to say which samples were disturbed. 0 for neither.</summary>
    public int LoggedSamples { get; init; }

    /// <summary>Who else measures meanwhile, turn by turn; null for a window in one piece. Not taken where an actor
    /// <see cref="IMeasuredActor.KeepsTime"/>, which a note says.</summary>
    public ITurns? Turns { get; init; }

    /// <summary>Processes of the lab beside this one, by id: what they take is not taken by others.</summary>
    public IReadOnlyList<int> Companions { get; init; } = [];

    public Pinning Pinning { get; init; } = Declared.Pin.DefaultValue;

    /// <summary>What is asked of the machine beyond that; nothing by default.</summary>
    public QuietSettings Quiet { get; init; } = new();

    /// <summary>A self-test: steps that are made longer, so that a comparison has something to find. Null for none.</summary>
    public Injection? Injection { get; init; }

    /// <summary>What stamps are taken with; null is <see cref="Clock.Default"/>.</summary>
    public Clock? Clock { get; init; }

    /// <summary>What was set of it.</summary>
    public static WindowSettings Of(SettingValues values) => new()
    {
        Duration = values.Of(Declared.Duration),
        WarmupMinimum = values.Of(Declared.Warmup),
        WarmupLimit = values.Of(Declared.WarmupLimit),
        SteadyLimit = values.Of(Declared.SteadyLimit),
        WatchdogTimeout = values.Of(Declared.Watchdog),
        Pinning = values.Of(Declared.Pin),
        Quiet = values.Of(QuietSettings.Declared.Quiet) with { FifoPriority = values.Of(QuietSettings.Declared.FifoPriority) },
    };

    /// <summary>What can be set of it.</summary>
    public static class Declared
    {
        private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

        public static SettingGroup Group { get; } = new("The measured window");
        public static Setting<TimeSpan> Duration { get; } = Group.Add(
            "duration", Form.Duration(TimeSpan.FromMilliseconds(10), Longest), "3s", "length of each measured window");
        public static Setting<TimeSpan> Warmup { get; } = Group.Add(
            "warmup", Form.Duration(TimeSpan.Zero, Longest), "500ms", "shortest warm-up before each window");
        public static Setting<TimeSpan> WarmupLimit { get; } = Group.Add(
            "warmup-limit", Form.Duration(TimeSpan.Zero, Longest), "30s",
            "longest warm-up; then cold actors are measured, with a note");
        public static Setting<TimeSpan> SteadyLimit { get; } = Group.Add(
            "steady-limit", Form.Duration(TimeSpan.Zero, Longest), "1s",
            "longest wait after that for a steady load; then it is measured, with a note; 0 does not wait");
        public static Setting<TimeSpan> Watchdog { get; } = Group.Add(
            "watchdog", Form.Duration(TimeSpan.FromSeconds(1), Longest), "10s",
            "give up when an actor makes no progress for this long");
        public static Setting<Pinning> Pin { get; } = Group.Add("pin", Form.Words<Pinning>(), "auto", "bind actors to cores");
    }

    /// <exception cref="ArgumentOutOfRangeException">A duration or count makes no sense.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Duration, TimeSpan.Zero);
        if (Turns is not null) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Turns.Length, TimeSpan.Zero, nameof(Turns));
        ArgumentOutOfRangeException.ThrowIfLessThan(WarmupMinimum, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(WarmupLimit, WarmupMinimum);
        ArgumentOutOfRangeException.ThrowIfLessThan(SteadyLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(WatchdogTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(CatchUpLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Quiet.FifoPriority, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Quiet.FifoPriority, 99);
        ArgumentOutOfRangeException.ThrowIfNegative(LoggedSamples);
        ArgumentOutOfRangeException.ThrowIfLessThan(IntervalCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(IntervalCount, Timeline.MostIntervals);
    }
}
