namespace Lab.Explorer;

/// <summary>
/// Runs a scene under a scheduler, one execution after the other, on the calling thread and without any switch of stacks: a body does the same
/// whenever it reads the same, so a thread makes its next step by being run again from its start, fed with what it was told before.
/// </summary>
/// <remarks>
/// A body is left where another thread is to go first. Unwinding it with an exception would cost more than all the rest, so what remains of it
/// is run as a ghost: its operations do nothing and tell plausible values, until it runs off its end; only a loop that goes on for too long on such
/// values is unwound. A body's last run is never a ghost, so what it keeps in captured variables is right at the end.
/// <para>Every run again is also the check that the body is deterministic: what it asks for must be what it asked for before.</para>
/// Not thread-safe, but for the members that say so. Nothing is allocated per execution once the arrays have grown.
/// </remarks>
internal sealed partial class SamplingRun : Controller
{
    private enum Mode
    {
        /// <summary>Fed with the past, then making new steps.</summary>
        Live,

        /// <summary>Fed with the past, which must be all there is.</summary>
        Past,
        Ghost,
    }

    private const int GhostEventsMax = 64;

    private readonly Scene _scene;
    private readonly ExploreSettings _settings;
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

    // The body being run.
    private Mode _mode;
    private int _thread;
    private SamplingEvent[] _log = [];
    private int _cursor;
    private int _past;
    private bool _isGranted;
    private int _ghostEvents;

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

    public SamplingRun(Scene scene, ExploreSettings settings)
    {
        _scene = scene;
        _settings = settings;
        _threads = scene.Threads.Count;
        int threadsMax = settings.Model == MemoryModel.Tso ? 16 : 31;
        if (_threads < 1 || _threads > threadsMax)
            throw new ArgumentException($"A program explored by random search has 1 to {threadsMax} threads, this one has {_threads}.", nameof(scene));
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
    public int Slots => _settings.Model == MemoryModel.Tso ? 2 * _threads : _threads;

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

    /// <summary>Runs one execution to its end, its violation, or to where it gets stuck. Returns what went wrong, or null.</summary>
    /// <param name="scheduler">Who picks; told of the beginning and the end.</param>
    /// <param name="isVerified">Run every thread once more at the end, to see whether it does the same.</param>
    public Finding? Execute(Scheduler scheduler, bool isVerified)
    {
        _scheduler = scheduler;
        if (!_hasLearnt) LearnFirstEvents();
        Reset();
        if (_finding is not null || IsStopping) return _finding;
        scheduler.Begin(Slots);
        Advance();
        while (_picked >= 0 && _finding is null) RunBody(_picked);
        scheduler.End(_steps);
        if (_finding is null && !IsStopping)
        {
            if (isVerified) RunAllAgain();
            if (_finding is null) Judge();
        }
        return _finding;
    }

    /// <summary>Runs one execution even if asked to stop: the one to be told about.</summary>
    public Finding? ExecuteAnyway(Scheduler scheduler)
    {
        _heedsStop = false;
        return Execute(scheduler, false);
    }

    private bool IsStopping => _stop && _heedsStop;

    private void Reset()
    {
        _finding = _findingBeforeEvents;
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

    /// <summary>Lets the scheduler pick until it picks a thread, which is then <see cref="_picked"/>; −1 if the execution is over.</summary>
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
            if ((enabled & (1u << pick)) == 0) throw new InvalidOperationException($"Scheduler '{_scheduler.Name}' picked thread {pick}, which cannot make a step.");
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

    /// <summary>Runs the picked thread's body: its past, its new step, and on for as long as it is picked again.</summary>
    private void RunBody(int thread)
    {
        Enter(thread, Mode.Live);
        _isGranted = true;
        if (!Run(thread) || _finding is not null) return;
        if (_isGranted)
        {
            Diverge("it ended");
            return;
        }
        _alive &= ~(1u << thread);
        Advance();
    }

    private void RunAllAgain()
    {
        for (int thread = 0; thread < _threads && _finding is null; thread++)
        {
            Enter(thread, Mode.Past);
            if (Run(thread) && _finding is null && _cursor < _past) Diverge("it ended");
        }
    }

    private void Enter(int thread, Mode mode)
    {
        _beats++;
        _thread = thread;
        _log = _logs[thread];
        _cursor = 0;
        _past = _counts[thread];
        _isGranted = false;
        _mode = mode;
    }

    /// <summary>True if the body ran to its end as itself and not as a ghost.</summary>
    private bool Run(int thread)
    {
        try
        {
            _bodies[thread](_machine);
        }
        catch (Exception) when (_mode == Mode.Ghost)
        {
            // Whatever code does with made-up values says nothing about it.
        }
        catch (NotSupportedException unsupported) when (unsupported.Message.StartsWith(nameof(SamplingRun), StringComparison.Ordinal))
        {
            ReportUncontrollable(new Finding("unsupported", "A program explored by random search uses what that models.", unsupported.Message));
        }
        catch (Exception thrown) when (_cursor < _past || _isGranted)
        {
            Diverge($"it threw {thrown.GetType().Name}: {thrown.Message}");
        }
        catch (Exception thrown)
        {
            _finding = new Finding("exception", "No thread ends with an exception.", $"{_scene.Threads[thread].Name} threw {thrown.GetType().Name}: {thrown.Message}");
        }
        return _mode != Mode.Ghost;
    }

    /// <summary>Runs each body up to its first event, which it does before it has read anything and so does every time.</summary>
    private void LearnFirstEvents()
    {
        _hasLearnt = true;
        _isLearning = true;
        ResetMemory();
        for (int thread = 0; thread < _threads && _finding is null; thread++)
        {
            Enter(thread, Mode.Live);
            if (!Run(thread)) _firstAlive |= 1u << thread;
        }
        _isLearning = false;
        _findingBeforeEvents = _finding;
        _firstConditional = _conditional;
        _next.AsSpan(0, _threads).CopyTo(_firstNext);
    }

    private void GrowPicks()
    {
        Array.Resize(ref _picks, _picks.Length * 2);
        Array.Resize(ref _entries, _entries.Length * 2);
    }
}
