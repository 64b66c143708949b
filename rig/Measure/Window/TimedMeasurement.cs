using System.Globalization;
using System.Runtime;
using Lab.Time;

namespace Lab.Measure;

/// <summary>The timing window, the same for every strategy: start together; warm until the last actor is warm; measure; keep the
/// load up until the last has measured; stop all. The calling thread coordinates and takes no samples.</summary>
public sealed class TimedMeasurement
{
    // Actors get this long to empty their recorders between announcement and opening; being late costs first samples only.
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LeadPerRecorder = TimeSpan.FromMilliseconds(1);

    // A window is cut a little in the future: no actor has recorded beyond the cut when it hears of it.
    private static readonly TimeSpan CutLead = TimeSpan.FromMilliseconds(1);

    // At the beginning of a turn the load runs so long unrecorded: threads find their cores, and caches what others took.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(5);

    /// <summary>Held for a window: what it asks of the collector, and what it counts of it, belongs to the process.</summary>
    private static readonly Lock OneAtATime = new();

    private readonly WindowSettings _settings;
    private readonly Clock _clock;
    private readonly TimingWindow _window;
    private readonly ITurns? _turns;
    private readonly List<(long Start, long End)> _turnsTaken = [];
    private TimeSpan _stopped;
    private readonly List<string> _notes = [];
    private readonly ActorLane[] _lanes;
    private readonly SpinBarrier _barrier;
    private readonly LaneWatch _watch;
    private readonly int _coreCount;
    private readonly IWindowObserver? _observer;
    private readonly SteadyState _steady;
    private readonly CoreShare _share;
    private bool? _isSteady;

    private TimedMeasurement(
        IReadOnlyList<IMeasuredActor> actors, WindowSettings settings, IWindowObserver? observer, CancellationToken cancellation)
    {
        _settings = settings;
        _clock = settings.Clock ?? Clock.Default;
        if (settings.Turns is not null && actors.FirstOrDefault(actor => actor.KeepsTime) is { } timed)
        {
            _notes.Add($"measured in one piece, not in turns: {timed.Name} keeps time of its own");
        }
        else _turns = settings.Turns;
        _window = new TimingWindow(isCut: _turns is not null);
        IReadOnlyList<int> cpus = ThreadPlacement.AllowedCpus();
        _coreCount = Math.Min(cpus.Count, MachineLimits.Read().UsableCores);
        bool fits = actors.Count <= _coreCount;
        if (!fits) _notes.Add($"oversubscribed: {actors.Count} actors on {_coreCount} cores");
        bool pins = settings.Pinning == Pinning.On || (settings.Pinning == Pinning.Auto && fits);
        ActorRole[] roles = [.. actors.Select(actor => actor.Role)];
        LanePlace[] places = settings.Quiet.Pin
            ? LanePlace.Quiet(roles, cpus)
            : roles.Contains(ActorRole.Bystander) && settings.Pinning != Pinning.Off ? LanePlace.Apart(roles, cpus)
            : LanePlace.InTurn(actors.Count, cpus, pins);
        _observer = observer;
        _barrier = new SpinBarrier(actors.Count);
        AutoResetEvent changed = new(initialState: false);
        _lanes =
        [
            .. actors.Select((actor, index) => new ActorLane(actor, settings, _window, _barrier, changed, places[index])),
        ];
        if (settings.Quiet.Fifo)
        {
            foreach ((int index, IMeasuredActor actor) in actors.Index())
            {
                if (actor.Role == ActorRole.Updater && !places[index].IsAlone)
                {
                    _notes.Add($"SCHED_FIFO was not given to {actor.Name}: it has no core of its own, and would starve whatever "
                        + "shares it; use --quiet pin,fifo with at least two cores.");
                }
            }
        }
        _steady = new SteadyState(_lanes);
        _share = new CoreShare(settings.Companions, new MachineFiles());
        _watch = new LaneWatch(_lanes, changed, settings, observer, cancellation);
    }

    /// <summary>Runs the actors through one window and returns what they recorded. Any thread may call it; windows of one process
    /// take place one after the other, since the collector's mode is the process's. Always comes back: a cancelled run with what
    /// was measured, one that stood still when the watchdog says so, a failed one with the actor's exception.</summary>
    /// <exception cref="ArgumentException">No actors, two of one name, one without a name, or settings out of range.</exception>
    public static MeasuredRun Run(
        IReadOnlyList<IMeasuredActor> actors,
        WindowSettings settings,
        IWindowObserver? observer = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(actors);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        if (actors.Count == 0 || actors.Any(actor => string.IsNullOrEmpty(actor.Name)))
        {
            throw new ArgumentException("A measurement needs actors, each with a name.", nameof(actors));
        }
        if (actors.Select(actor => actor.Name).Distinct().Count() != actors.Count)
        {
            throw new ArgumentException("Actors' names must be unique within a run.", nameof(actors));
        }

        lock (OneAtATime) return new TimedMeasurement(actors, settings, observer, cancellation).RunWindow();
    }

    private MeasuredRun RunWindow()
    {
        GCLatencyMode modeBefore = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        string? idleRefusal = null;
        using IdleHold? idle = _settings.Quiet.HoldOffIdleStates ? IdleHold.TryTake(out idleRefusal) : null;
        if (idleRefusal is not null) _notes.Add(idleRefusal);
        GCLatencyMode modeInForce = GCSettings.LatencyMode;
        try
        {
            long started = _clock.Ticks();
            foreach (ActorLane lane in _lanes) lane.Start();
            bool isWarm = WarmUp(started);
            double warmupSeconds = _clock.ToNanoseconds(_clock.Ticks() - started) / 1e9;
            AwaitTurn();

            // Read once beforehand too: what these reads need compiled is compiled outside the window.
            EdgeReading opening = ReadEdge();
            if (!_watch.IsInTrouble)
            {
                if (!isWarm) NoteColdActors();
                _isSteady = _settings.SteadyLimit > TimeSpan.Zero ? isWarm && _steady.WhyNot is null : null;
                if (_isSteady == false && isWarm)
                {
                    _notes.Add(string.Create(CultureInfo.InvariantCulture,
                        $"not steady after {warmupSeconds:0.0} s of warm-up: {_steady.WhyNot}"));
                }
                CollectionFreeStretch.Begin();
                modeInForce = GCSettings.LatencyMode;
                _observer?.OnOpening([.. _lanes.Select(lane => new ActorThread(lane.Actor.Name, lane.Heartbeat.ThreadId))]);
                opening = ReadEdge();
                _share.Begin();
                OpenWindow();
                _watch.Await(WindowPhase.Measuring, _window.EndTicks, _ => true, TimeSpan.MaxValue);
                TakeFurtherTurns();
            }

            EdgeReading closing = CloseWindow();
            StopLanes();
            NoteQuiet(idle is not null);
            return Collect(warmupSeconds, opening, closing, modeInForce);
        }
        catch
        {
            // A thread that could not be started, or an observer that threw: nothing may run on behind the caller's back.
            _watch.Mute();
            StopLanes();
            throw;
        }
        finally
        {
            CollectionFreeStretch.End();
            GCSettings.LatencyMode = modeBefore;
        }
    }

    private bool WarmUp(long started)
    {
        long soonest = started + _clock.ToTicks(_settings.WarmupMinimum);
        bool isWarm = _watch.Await(
            WindowPhase.Warming, _settings.SteadyLimit > TimeSpan.Zero ? 0 : soonest, lane => lane.Heartbeat.IsWarm,
            _settings.WarmupLimit);
        if (_settings.SteadyLimit <= TimeSpan.Zero) return isWarm;
        long latest = Math.Max(soonest, _clock.Ticks()) + _clock.ToTicks(_settings.SteadyLimit);
        while (isWarm && !_watch.IsInTrouble)
        {
            // Nothing is waited for but the time: trouble ends it earlier.
            _ = _watch.Await(WindowPhase.Warming, 0, static _ => false, SteadyState.Slice);
            bool isSteady = _steady.Mark();
            long now = _clock.Ticks();
            if (now >= soonest && (isSteady || now >= latest)) break;
        }

        return isWarm;
    }

    private void NoteColdActors()
    {
        string names = string.Join(", ", _lanes.Where(lane => !lane.Heartbeat.IsWarm).Select(lane => lane.Actor.Name));
        _notes.Add(string.Create(CultureInfo.InvariantCulture,
            $"measured cold after {_settings.WarmupLimit.TotalSeconds:0.###} s of warm-up: {names}"));
    }

    /// <summary>What was asked of the machine, and what was granted.</summary>
    private void NoteQuiet(bool isIdleHeld)
    {
        QuietSettings quiet = _settings.Quiet;
        if (quiet.IsNone) return;
        ActorLane[] ended = [.. _lanes.Where(lane => lane.Heartbeat.HasEnded)];
        foreach (ActorLane lane in ended)
        {
            if (quiet.Pin && lane.PinnedCpu is null)
            {
                _notes.Add($"{lane.Actor.Name} could not be pinned: the kernel refused sched_setaffinity.");
            }
            if (lane.FifoRefusal is { } refusal) _notes.Add(refusal);
        }

        string[] had =
        [
            .. quiet.Pin && ended.All(lane => lane.PinnedCpu is not null) ? (string[])["pin"] : [],
            .. isIdleHeld ? (string[])["idle"] : [],
            .. ended.Any(lane => lane.FifoPriority is not null) ? (string[])["fifo"] : [],
        ];
        _notes.Add($"quiet: had {(had.Length == 0 ? "nothing" : string.Join(", ", had))}");
    }

    private void OpenWindow()
    {
        TimeSpan lead = Lead + (LeadPerRecorder * _lanes.Sum(lane => lane.Recorders.All.Count) / _coreCount);
        long start = _clock.Ticks() + _clock.ToTicks(lead), length = _clock.ToTicks(_settings.Duration);
        _window.Announce(start, start + length, _turns is null ? 0 : Math.Min(length, _clock.ToTicks(_turns.Length)));
        if (_clock.TicksOrdered() >= start)
        {
            _notes.Add(
                "the window opened before all actors knew of it: the machine was too busy, and the first samples are missing");
        }
    }

    /// <summary>Until the turns make up the window; then the others go on first, so that what follows disturbs none of their
    /// turns.</summary>
    private void TakeFurtherTurns()
    {
        if (_turns is null) return;
        long left = _clock.ToTicks(_settings.Duration) - (_window.EndTicks - _window.StartTicks);
        long length = _clock.ToTicks(_turns.Length);
        while (AwaitTurn() && left > 0)
        {
            long ticks = Math.Min(left, length);
            _turnsTaken.Add((_window.StartTicks, _window.EndTicks));
            _window.NextTurn(_clock.Ticks() + _clock.ToTicks(Settling), ticks);
            _watch.Await(WindowPhase.Measuring, _window.EndTicks, _ => true, TimeSpan.MaxValue);
            left -= ticks;
        }
    }

    /// <summary>False if there is trouble, or nobody to give the turn back. Without turns it is always this run's.</summary>
    private bool AwaitTurn()
    {
        if (_turns is null || _watch.IsInTrouble) return !_watch.IsInTrouble;
        _share.End();
        long given = _clock.Ticks();
        if (!_turns.Await()) _watch.Interrupt();
        if (_window.IsAnnounced) _share.Begin();
        _stopped += TimeSpan.FromTicks(_clock.ToNanoseconds(_clock.Ticks() - given) / 100);
        return !_watch.IsInTrouble;
    }

    /// <summary>Closes the window early when there is trouble, and keeps the load up until the last actor has measured.</summary>
    private EdgeReading CloseWindow()
    {
        if (_watch.IsInTrouble) _window.Shorten(_clock.Ticks() + _clock.ToTicks(CutLead));
        _window.Close();
        EdgeReading closing = ReadEdge();
        _share.End();
        if (_window.IsAnnounced)
        {
            _observer?.OnClosed();
            _watch.Await(
                WindowPhase.Draining,
                _window.EndTicks,
                lane => lane.Heartbeat.HasMeasured || lane.Heartbeat.HasEnded,
                TimeSpan.MaxValue,
                graceShare: 0.5);
        }

        return closing;
    }

    private void StopLanes()
    {
        _window.Stop();
        _barrier.Break(); // for lanes whose fellows will never come; the others have left it long ago
        _watch.Await(WindowPhase.Stopping, 0, lane => lane.Heartbeat.HasEnded, TimeSpan.MaxValue);
    }

    private MeasuredRun Collect(double warmupSeconds, EdgeReading opening, EdgeReading closing, GCLatencyMode modeInForce)
    {
        bool opened = _window.IsAnnounced;
        if (opened) _turnsTaken.Add((_window.StartTicks, _window.EndTicks));
        double windowSeconds = _clock.ToNanoseconds(_turnsTaken.Sum(turn => turn.End - turn.Start)) / 1e9;
        IReadOnlyList<string> stood = _watch.Standstill?.Names ?? [];
        HashSet<ActorLane> abandoned = [.. _lanes.Where(lane => !lane.Heartbeat.HasEnded)];
        ActorResult[] actors = new ActorResult[_lanes.Length];
        for (int i = 0; i < actors.Length; i++)
        {
            actors[i] = Result(_lanes[i], windowSeconds, stood.Contains(_lanes[i].Name), abandoned.Contains(_lanes[i]),
                closing.Switches[i] - opening.Switches[i]);
        }
        foreach (ActorResult actor in actors.Where(actor => actor.OwedStepCount > 0))
        {
            _notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{actor.Name} never ran {actor.OwedStepCount} of its scheduled steps"));
        }
        foreach (ActorLane lane in _lanes.Where(lane => lane.DisturbanceOverflow > 0))
        {
            _notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{lane.DisturbanceOverflow} disturbances of {lane.Actor.Name} were not kept: the log was full"));
        }
        return new MeasuredRun
        {
            Actors = actors,
            Clock = _clock.Info,
            WindowSeconds = windowSeconds,
            WindowStartMonotonicNanoseconds = opened ? _clock.ToMonotonicNanoseconds(_window.OpenedTicks) : 0,
            Turns = [.. _turnsTaken.Select(
                turn => new Stretch(_clock.ToMonotonicNanoseconds(turn.Start), _clock.ToMonotonicNanoseconds(turn.End)))],
            Steady = _isSteady,
            ToMonotonicNanoseconds = _clock.ToMonotonicNanoseconds,
            StoppedSeconds = _stopped.TotalSeconds,
            OthersShare = _share.Others,
            WarmupSeconds = warmupSeconds,
            Disturbance = closing.Counters.Since(opening.Counters),
            GcLatencyMode = modeInForce,
            Interrupted = _watch.Interrupted,
            HungActors = _watch.Standstill is { IsStarved: false } ? stood : [],
            AbandonedActors = [.. _lanes.Where(abandoned.Contains).Select(lane => lane.Name)],
            Standstill = _watch.Standstill,
            Failures = [.. _lanes.Where(lane => lane.Heartbeat.HasEnded && lane.Failure is not null).Select(Failure)],
            Notes = _notes,
        };
    }

    private static ActorFailure Failure(ActorLane lane) => new(lane.Actor.Name, lane.Failure!.SourceException);

    private ActorResult Result(ActorLane lane, double windowSeconds, bool stoodStill, bool isAbandoned, long? switches)
    {
        double untilLastEnd = _clock.ToNanoseconds(lane.LastEndTicks - _window.OpenedTicks) / 1e9;
        bool wasCut = stoodStill || isAbandoned || lane.Failure is not null;
        return new ActorResult
        {
            Name = lane.Actor.Name,
            Role = lane.Actor.Role,
            RatePerSecond = lane.RatePerSecond,
            StepCount = lane.HoldsWindow ? lane.StepsInWindow : 0,
            CutOffCount = lane.StepsCutOff,
            MeasuredSeconds = wasCut ? Math.Min(windowSeconds, untilLastEnd) : windowSeconds,
            OwedStepCount = lane.OwedStepCount,
            AllocatedBytes = lane.AllocatedBytes,
            PinnedCpu = lane.PinnedCpu,
            FifoPriority = lane.FifoPriority,
            InvoluntarySwitches = switches,
            Disturbances = lane.HoldsWindow ? lane.Disturbances : [],
            Recorders = RecordersOf(lane, isAbandoned),
        };
    }

    private IReadOnlyList<LatencyRecorder> RecordersOf(ActorLane lane, bool isAbandoned)
    {
        if (!lane.HoldsWindow)
        {
            // The run was cut before this thread heard of a window: what it recorded is warm-up, of a stretch of time of its own.
            IReadOnlyList<LatencyRecorder> empty = [.. lane.Recorders.All.Select(recorder => EmptyOf(recorder.Metric))];
            if (!isAbandoned) lane.Recorders.Dispose();
            return empty;
        }

        // An abandoned thread may still write: its recorders stay its own, and the run gets copies.
        return isAbandoned ? [.. lane.Recorders.All.Select(recorder => LatencyRecorder.Merge([recorder]))] : lane.Recorders.All;
    }

    private LatencyRecorder EmptyOf(string metric)
    {
        LatencyRecorder recorder = new(metric, _clock, _settings.IntervalCount);
        if (_window.IsAnnounced)
        {
            recorder.OpenWindow(_window.OpenedTicks, Math.Max(_window.AnnouncedEndTicks, _window.OpenedTicks + 1));
        }
        return recorder;
    }

    private EdgeReading ReadEdge() =>
        new(RuntimeCounters.Read(), [.. _lanes.Select(lane => ThreadPlacement.InvoluntarySwitches(lane.Heartbeat.ThreadId))]);

    /// <summary>What is read at both edges of the window; the switches are per lane.</summary>
    private sealed record EdgeReading(RuntimeCounters Counters, long?[] Switches);
}
