using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <summary>Runs a scene under a scheduler, one execution after the other, on the calling thread and without any switch of
/// stacks: a body does the same whenever it reads the same, so a thread makes its next step by being run again from its start,
/// fed with what it was told before.</summary>
/// <remarks>
/// A body is left where another thread is to go first. Unwinding it with an exception would cost more than all the rest, so what
/// remains of it is run as a ghost: its operations do nothing and tell plausible values, until it runs off its end; only a loop
/// that goes on for too long on such values is unwound. A body's last run is never a ghost, so what it keeps in captured
/// variables is right at the end.
/// <para>Every run again is also the check that the body is deterministic: what it asks for must be what it asked for
/// before.</para>
/// Not thread-safe, but for the members that say so. Nothing is allocated per execution once the arrays have grown.
/// </remarks>
internal sealed partial class SamplingRun : Controller
{
    private readonly Scene _scene;
    private readonly bool _isTso;
    private readonly int _stepsPerThreadMax;
    private readonly Explored _machine;
    private readonly int _threads;
    private readonly Action<Explored>[] _bodies;

    /// <summary>Events of each thread in this execution; the slot after the last holds the one it is about to do.</summary>
    private readonly SamplingEvent[][] _logs;
    private readonly int[] _counts;
    private readonly Operation[] _next;
    private readonly Operation[] _firstNext;
    private uint _firstAlive;
    private uint _firstConditional;
    private Finding? _findingBeforeEvents;
    private bool _hasLearnt;
    private bool _isLearning;

    // The execution.
    private Scheduler _scheduler = new RunToEnd();
    private uint _alive;
    private uint _conditional;
    private uint _drainable;
    private int _current;
    private int _last;
    private int _picked;
    private int _steps;
    private int _preemptions;
    private byte[] _picks = new byte[256];
    private int[] _entries = new int[256];
    private Finding? _finding;
    private bool _isUncontrollable;
    private long _beats;
    private volatile bool _stop;
    private bool _heedsStop = true;
    private volatile bool _isAbandoned;

    public SamplingRun(Scene scene, ExploreSettings settings)
    {
        _scene = scene;
        _isTso = settings.Model == MemoryModel.Tso;
        _stepsPerThreadMax = settings.StepsPerThreadMax;
        _threads = scene.Threads.Count;
        int threadsMax = _isTso ? 16 : 31;
        if (_threads < 1 || _threads > threadsMax) throw new ArgumentException(
            $"A program explored by random search has 1 to {threadsMax} threads, this one has {_threads}.", nameof(scene));
        _machine = new Explored(this);
        _bodies = [.. scene.Threads.Select(thread => thread.Body)];
        _logs = new SamplingEvent[_threads][];
        for (int thread = 0; thread < _threads; thread++) _logs[thread] = new SamplingEvent[64];
        _counts = new int[_threads];
        _next = new Operation[32];
        _firstNext = new Operation[32];
        PrepareMemory();
    }

    /// <summary>Threads and, under TSO, their store buffers: what a scheduler chooses among.</summary>
    public int Slots => _isTso ? 2 * _threads : _threads;

    /// <summary>What went wrong in the latest execution, or null.</summary>
    public Finding? Finding => _finding;

    /// <summary>The finding is about the code's fitness to be explored, not about a broken promise.</summary>
    public bool IsUncontrollable => _isUncontrollable;

    /// <summary>The latest execution was stopped before its end.</summary>
    public bool WasStopped => _stop;

    public int Steps => _steps;

    public int Preemptions => _preemptions;

    public ReadOnlySpan<byte> Picks => _picks.AsSpan(0, _steps);

    /// <summary>Changes as long as the code under control takes turns. Any thread may read it.</summary>
    public long Beats => Volatile.Read(ref _beats);

    /// <summary>Name of the thread whose body is being run. Any thread may ask; the answer may be outdated.</summary>
    public string RunningThread => _scene.Threads[Volatile.Read(ref _thread)].Name;

    /// <summary>Ends the execution at its next step, and those after it before they begin. Any thread may ask for it.</summary>
    public void Stop() => _stop = true;

    /// <summary>Gives up on code that does not come back: if it does after all, the scene's words are not touched any
    /// more.</summary>
    public void Abandon() => _isAbandoned = true;

    /// <summary>Runs one execution to its end, its violation, or to where it gets stuck. Returns what went wrong, or
    /// null.</summary>
    /// <param name="scheduler">Who picks; told of the beginning and the end.</param>
    /// <param name="isVerified">Run every thread once more at the end, to see whether it does the same.</param>
    public Finding? Execute(Scheduler scheduler, bool isVerified)
    {
        _scheduler = scheduler;
        if (!_hasLearnt) LearnFirstEvents();
        Reset();
        if (_finding is not null || IsStopping) return _finding;
        if (scheduler is DrawingScheduler drawing && MayGuess())
        {
            if (Guess(drawing)) return Finish(false);
            Reset();
            drawing.BeginAgain(Slots);
        }
        else scheduler.Begin(Slots);
        _isKnown = false;
        Advance();
        while (_picked >= 0 && _finding is null) RunBody(_picked);
        scheduler.End(_steps);
        return Finish(isVerified);
    }

    private Finding? Finish(bool isVerified)
    {
        if (_finding is not null || IsStopping) return _finding;
        if (isVerified) RunAllAgain();
        if (_finding is null)
        {
            Learn();
            Judge();
        }
        return _finding;
    }

    /// <summary>Runs one execution even if asked to stop: the one to be told about.</summary>
    public Finding? ExecuteAnyway(Scheduler scheduler)
    {
        _heedsStop = false;
        return Execute(scheduler, false);
    }

    private bool IsStopping => (_stop && _heedsStop) || _isAbandoned;

    private void Reset()
    {
        _finding = _findingBeforeEvents;
        Outcome = null;
        if (_finding is null) _isUncontrollable = false;
        _steps = 0;
        _preemptions = 0;
        _current = -1;
        _last = -1;
        Array.Clear(_counts);
        _firstNext.AsSpan(0, _threads).CopyTo(_next);
        _alive = _firstAlive;
        _conditional = _firstConditional;
        _drainable = 0;
        ResetMemory();
    }

    /// <summary>Lets the scheduler pick until it picks a thread, which is then <see cref="_picked"/>; −1 if the execution is
    /// over.</summary>
    private void Advance()
    {
        while (true)
        {
            _picked = -1;
            if (_finding is not null || IsStopping) return;
            uint enabled = _alive & ~_conditional | _drainable;
            if ((_alive & _conditional) != 0) enabled |= ThoseThatCanGo();
            if (enabled == 0)
            {
                if (_alive != 0) ReportStuck();
                return;
            }
            int pick = _scheduler.Pick(enabled, _current, _next, _waiting);
            if ((enabled & (1u << pick)) == 0) throw new InvalidOperationException(
                $"Scheduler '{_scheduler.Name}' picked thread {pick}, which cannot make a step.");
            if (_steps == _picks.Length) GrowPicks();
            _picks[_steps] = (byte)pick;
            _current = pick;
            if (pick >= _threads)
            {
                _entries[_steps++] = _bufferHeads[pick - _threads];
                DrainOldest(pick - _threads);
                _beats++;
                continue;
            }
            if (_last != pick)
            {
                if (_last >= 0 && (enabled & ~_waiting & (1u << _last)) != 0) _preemptions++;
                _last = pick;
            }
            _entries[_steps] = _counts[pick];
            _picked = pick;
            return;
        }
    }

    private void GrowPicks()
    {
        Array.Resize(ref _picks, _picks.Length * 2);
        Array.Resize(ref _entries, _entries.Length * 2);
    }
}
