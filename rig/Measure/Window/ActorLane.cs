using System.Globalization;
using System.Runtime.ExceptionServices;
using Lab.Time;

namespace Lab.Measure;

/// <summary>One actor's thread: starts with the others, repeats the actor's step, and records those that start in the window. All
/// fields belong to that thread until <see cref="Heartbeat.HasEnded"/>; the heartbeat is what others may look at
/// before.</summary>
internal sealed class ActorLane : IWatched
{
    private const int StackBytes = 4 << 20;

    private readonly TimingWindow _window;
    private readonly SpinBarrier _barrier;
    private readonly EventWaitHandle _changed;
    private readonly Clock _clock;
    private readonly Pacer? _pacer;
    private readonly long _catchUpTicks;
    private readonly int? _cpu;
    private readonly SchedulingClass? _realTime;
    private readonly bool _isWatched;
    private readonly int _lengthened = int.MinValue;
    private readonly double _lengthenedBy;
    private bool _isOpen;
    private bool _isOnWindowSchedule;
    private long _allocatedAtOpening;
    private long _turnTicks;

    /// <param name="actor">Whose steps this runs.</param>
    /// <param name="settings">As validated by the caller.</param>
    /// <param name="window">Shared by all lanes.</param>
    /// <param name="barrier">Shared by all lanes.</param>
    /// <param name="changed">Set whenever the heartbeat's flags change: a handful of times per run.</param>
    /// <param name="place">The core to be pinned to, if any, and whether it may be held in real time.</param>
    public ActorLane(IMeasuredActor actor, WindowSettings settings, TimingWindow window, SpinBarrier barrier,
        EventWaitHandle changed, LanePlace place)
    {
        Actor = actor;
        _window = window;
        _barrier = barrier;
        _changed = changed;
        _cpu = place.Cpu;
        if (settings.Quiet.Fifo && actor.Role == ActorRole.Updater && place.IsAlone)
        {
            _realTime = new SchedulingClass(settings.Quiet.FifoPriority);
        }
        _clock = settings.Clock ?? Clock.Default;
        _catchUpTicks = _clock.ToTicks(settings.CatchUpLimit);
        RatePerSecond = actor.RatePerSecond;
        _pacer = RatePerSecond > 0 ? new Pacer(_clock, RatePerSecond) : null;
        Recorders = new LaneRecorders(actor, _clock, settings.IntervalCount, isPaced: _pacer is not null, settings.LoggedSamples);
        _isWatched = settings.LoggedSamples > 0;
        if (settings.Injection is { } injection && actor.Metrics.Contains(injection.Metric))
        {
            (_lengthened, _lengthenedBy) = (actor.Metrics.ToList().IndexOf(injection.Metric), injection.Share);
        }
    }

    public IMeasuredActor Actor { get; }

    public string Name => Actor.Name;

    public long Beats => Heartbeat.Beats + Actor.WorkAmidStep;

    public bool HasEnded => Heartbeat.HasEnded;

    /// <summary>Where its thread stands, a clause.</summary>
    public string Place
    {
        get
        {
            string where = Heartbeat.Stage switch
            {
                LaneStage.Starting => "has not been let run yet",
                LaneStage.AwaitingTheOthers => "waits for the others to start",
                LaneStage.Beginning => "enters the load",
                LaneStage.Preparing => "prepares a step",
                LaneStage.Stepping => "is in a step",
                LaneStage.AwaitingItsTime => "waits until its step is due",
                LaneStage.Quiescing => "lets go of what it holds",
                _ => "leaves the load",
            };
            return string.Create(CultureInfo.InvariantCulture,
                $"{Name} {(HasEnded ? "has ended" : where)}, steps done: {Heartbeat.StepCount:N0}");
        }
    }

    /// <summary>As asked of the actor once; 0 is a closed loop.</summary>
    public double RatePerSecond { get; }

    public Heartbeat Heartbeat { get; } = new();

    public LaneRecorders Recorders { get; }

    /// <summary>False while the recorders hold warm-up: for good, if the run was cut before this thread heard of the
    /// window.</summary>
    public bool HoldsWindow => Volatile.Read(ref _isOnWindowSchedule);

    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>The core the thread was pinned to; null when it was not, or the kernel refused.</summary>
    public int? PinnedCpu { get; private set; }

    /// <summary>The thread's steps ran under SCHED_FIFO at this priority; null when they did not.</summary>
    public int? FifoPriority => _realTime is { Refusal: 0 } realTime && PinnedCpu is not null ? realTime.Priority : null;

    /// <summary>Why steps that were to run in real time did not, or null.</summary>
    public string? FifoRefusal => _realTime is { Refusal: not 0 } realTime ? realTime.Sentence(Actor.Name)
        : _realTime is not null && PinnedCpu is null
        ? $"SCHED_FIFO was not given to {Actor.Name}: its thread could not be pinned to a core of its own."
        : null;

    /// <summary>Steps that started in the window.</summary>
    public long StepsInWindow { get; private set; }

    /// <summary>Steps that started in a turn and ended after it: others may have run meanwhile, and they do not count.</summary>
    public long StepsCutOff { get; private set; }

    /// <summary>Allocated on this thread from just before its first step in the window to just after its last.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Scheduled starts within the window that never came to be.</summary>
    public long OwedStepCount { get; private set; }

    /// <summary>What the kernel did to the thread in the window, where that was watched; by time, on the CLOCK_MONOTONIC
    /// line.</summary>
    public IReadOnlyList<Disturbance> Disturbances => Watch?.Disturbances(_clock.ToMonotonicNanoseconds) ?? [];

    /// <summary>Such as were found and not kept.</summary>
    public int DisturbanceOverflow => Watch?.Overflow ?? 0;

    /// <summary>When the last step in the window ended; 0 when there was none.</summary>
    public long LastEndTicks { get; private set; }

    /// <summary>Starts the thread. It waits at the barrier and cannot keep the process alive.</summary>
    public void Start() => new Thread(Run, StackBytes) { IsBackground = true, Name = Actor.Name }.Start();

    private void Run()
    {
        try
        {
            GetReady();
            Heartbeat.Stage = LaneStage.AwaitingTheOthers;
            if (_barrier.SignalAndWait()) RepeatSteps();
        }
        catch (Exception thrown) // whatever an actor throws must reach the report and not end the process
        {
            Failure = ExceptionDispatchInfo.Capture(thrown);
            _barrier.Break();
        }

        _realTime?.Lower();
        Watch?.Dispose();
        Heartbeat.HasEnded = true;
        _changed.Set();
    }

    /// <summary>Made and disposed of by the actor's thread.</summary>
    private ThreadWatch? Watch { get; set; }

    /// <summary>Only on the core that it was meant for: elsewhere it would push somebody aside.</summary>
    private SchedulingClass? RealTime => PinnedCpu is null ? null : _realTime;

    private void GetReady()
    {
        Heartbeat.ThreadId = ThreadPlacement.ThreadId;
        if (_cpu is { } cpu && ThreadPlacement.PinTo(cpu)) PinnedCpu = cpu;
        if (_pacer is not null) ThreadPlacement.WakeExactly();
        if (_isWatched) Watch = new ThreadWatch(_clock);

        // The warm-up records as the window will, into the same memory: nothing about recording is new inside the window.
        long now = _clock.Ticks();
        Recorders.OpenWindow(now, now + _clock.ToTicks(TimeSpan.FromSeconds(1)));
    }

    private void RepeatSteps()
    {
        Heartbeat.Stage = LaneStage.Beginning;
        Actor.Begin();
        _pacer?.StartAt(_clock.Ticks());
        while (!_window.IsStopped)
        {
            if (!_isOpen && _window.IsAnnounced) PrepareOpening();
            if (_pacer is not null && !AwaitIntendedStart(_pacer)) break;
            long intended = _pacer?.TakeNext() ?? 0;
            RealTime?.Lower();
            Heartbeat.Stage = LaneStage.Preparing;
            Actor.Prepare();
            Heartbeat.Stage = LaneStage.Stepping;
            RealTime?.Raise();
            long turnEnd = _window.EndTicks, turnStart = _window.StartTicks;
            long start = _clock.Ticks();
            int metric = Actor.Step();
            if (metric == _lengthened) StayBusy(start);
            long end = _clock.TicksOrdered();
            Heartbeat.Step();
            if (!Heartbeat.IsWarm && Actor.IsWarm)
            {
                Heartbeat.IsWarm = true;
                _changed.Set();
            }

            // The announcement came while this thread prepared, or was off its core, until after the opening.
            if (!_isOnWindowSchedule && end >= _window.StartTicks) PrepareOpening();
            bool isCounted = Account(metric, intended, start, end);
            if (!isCounted && _window.IsCut && start >= turnStart && start < turnEnd && !Heartbeat.HasMeasured) StepsCutOff++;
            if (Watch?.IsDue(end) == true && !Heartbeat.HasMeasured) LookAround(Watch, end, isCounted);
            if (end >= _window.ClosingTicks) CloseWhenMeasured(end);
        }

        RealTime?.Lower();
        Heartbeat.Stage = LaneStage.Quiescing;
        Actor.Quiesce();
        Heartbeat.Stage = LaneStage.Ending;
        Actor.End();
    }

    /// <summary>As a slower step would be: a sleep would give the core away.</summary>
    private void StayBusy(long start)
    {
        long end = _clock.TicksOrdered();
        long until = end + (long)((end - start) * _lengthenedBy);
        while (_clock.TicksOrdered() < until) Thread.SpinWait(1);
    }

    /// <summary>Forgets the warm-up, once, and notes what has been allocated so far. Runs between the announcement and the first
    /// step in the window, before each step: the last time is the one that counts.</summary>
    private void PrepareOpening()
    {
        if (!_isOnWindowSchedule)
        {
            _turnTicks = _window.OpenedTicks;
            Recorders.OpenWindow(_turnTicks, _window.AnnouncedEndTicks);
            Watch?.Open(_clock.Ticks());
            _pacer?.StartAt(_turnTicks); // what the warm-up still owes is not the window's
            StepsInWindow = 0;
            LastEndTicks = 0;
            _isOnWindowSchedule = true;
        }

        _allocatedAtOpening = GC.GetAllocatedBytesForCurrentThread();
    }

    /// <summary>Records what started in the window: the service time by its actual start, the latency from the intended start by
    /// the intended one, so that a stall at the end of the window hides nothing. Of a window that is cut into turns, what lies in
    /// one of them from start to end: others ran between them. Whether the step counts.</summary>
    private bool Account(int metric, long intended, long start, long end)
    {
        if (Heartbeat.HasMeasured) return false; // load only, even if it still catches up with what has been reported as owed
        long closing = _window.EndTicks, opening = _isOnWindowSchedule ? _window.StartTicks : long.MinValue;
        if (_pacer is not null && metric >= 0 && intended >= opening && intended < closing)
        {
            Recorders.RecordIntended(metric, intended, end);
        }
        if (start < opening || (_window.IsCut ? end : start) >= closing) return false;
        _isOpen = _isOnWindowSchedule;
        StepsInWindow++;
        LastEndTicks = end;
        if (_isOpen && opening != _turnTicks) EnterTurn(opening);
        if (metric >= 0) Recorders.RecordService(metric, start, end);
        Recorders.RecordPhases(Actor.Phases, start);
        Recorders.RecordSamples(Actor, start);
        return true;
    }

    /// <summary>The timelines leave out the time of the others; what was sampled elsewhere since the last turn may lie across
    /// it.</summary>
    private void EnterTurn(long opening)
    {
        _turnTicks = opening;
        Recorders.EnterTurn(opening - _window.MeasuredBeforeTicks);
        Actor.DiscardSamples();
    }

    /// <summary>What befell the thread between turns befell no sample.</summary>
    private void LookAround(ThreadWatch watch, long now, bool isCounted)
    {
        if (isCounted || !_window.IsCut) watch.Look(now);
        else watch.Pass(now);
    }

    /// <summary>Once the window has passed and nothing of it is owed, or catching up has taken too long.</summary>
    private void CloseWhenMeasured(long now)
    {
        long closing = _window.ClosingTicks;
        if (Heartbeat.HasMeasured || now < closing) return;
        long owed = _pacer?.OwedBefore(closing) ?? 0;
        if (owed > 0 && now - closing < _catchUpTicks) return;
        OwedStepCount = owed;
        AllocatedBytes = _isOpen ? GC.GetAllocatedBytesForCurrentThread() - _allocatedAtOpening : 0;
        Heartbeat.HasMeasured = true;
        _changed.Set();
    }

    /// <summary>False when the run ended meanwhile. An opening announced while waiting restarts the schedule at once.</summary>
    private bool AwaitIntendedStart(Pacer pacer)
    {
        Heartbeat.Stage = LaneStage.AwaitingItsTime;
        while (true)
        {
            long now = pacer.WaitSlice(pacer.NextTicks);
            if (_window.IsStopped) return false;
            if (!_isOnWindowSchedule && _window.IsAnnounced) PrepareOpening();
            CloseWhenMeasured(now);
            if (now >= pacer.NextTicks) return true;
            Heartbeat.Wait();
        }
    }
}
