using System.Diagnostics;

namespace Lab.Explorer.Strategies;

/// <summary>The wall-clock time that explorations share, from the first turn on.</summary>
internal sealed class Budget(TimeSpan limit, CancellationToken cancellation)
{
    private readonly Stopwatch _clock = new();

    public bool IsCancelled => cancellation.IsCancellationRequested;

    public bool IsSpent => IsCancelled || (limit != Timeout.InfiniteTimeSpan && _clock.Elapsed >= limit);

    public void Start() => _clock.Start();

    /// <summary>Until it is spent; null if it never is by itself.</summary>
    public double? SecondsLeft =>
        limit == Timeout.InfiniteTimeSpan ? null : Math.Max(0, (limit - _clock.Elapsed).TotalSeconds);

    /// <summary>Why it is spent, in words.</summary>
    public string Reason => IsCancelled ? "it was interrupted" : $"the budget of {limit.TotalSeconds:0.##} s ended";
}

/// <summary>One exploration's part of a <see cref="Strategies.Budget"/>: its workers run while it has the turn, and stop between
/// two executions when the turn is over. Who gives the turns calls <see cref="Begin"/> and <see cref="AwaitEnd"/>; the rest is
/// for the workers.</summary>
internal sealed class Turn(Budget budget, int workers)
{
    private readonly object _gate = new();
    private readonly Stopwatch _clock = new();
    private TimeSpan _until;
    private int _alive = workers;
    private int _running = workers;
    private bool _isMine;
    private bool _isAbandoned;

    /// <summary>Time it had the turn.</summary>
    public double Seconds => _clock.Elapsed.TotalSeconds;

    /// <summary>Of the budget, all explorations' turns included.</summary>
    public double? SecondsLeft => budget.SecondsLeft;

    public string Reason => _isAbandoned && !budget.IsSpent ? "another scenario was found to fail" : budget.Reason;

    /// <summary>It found something: the turn does not end before it has told what.</summary>
    public bool IsKept { get; set; }

    /// <summary>Asked between two executions: waits for the next turn if this one is over. True when there will be
    /// none.</summary>
    public bool HasPassed
    {
        get
        {
            if (!IsKept && !budget.IsSpent && _clock.Elapsed >= _until) AwaitNext();
            return budget.IsSpent || _isAbandoned;
        }
    }

    /// <summary>The workers go on, for so long.</summary>
    public void Begin(TimeSpan slice)
    {
        lock (_gate)
        {
            _until = slice == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _clock.Elapsed + slice;
            _running = _alive;
            _isMine = true;
            _clock.Start();
            // After the turn's own: who has used up the budget has had the turn for so long.
            budget.Start();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits at most so long for all workers to have stopped or ended; true if they have.</summary>
    public bool AwaitEnd(TimeSpan wait)
    {
        lock (_gate)
        {
            if (_running != 0) Monitor.Wait(_gate, wait);
            if (_running != 0) return false;
            _clock.Stop();
            return true;
        }
    }

    /// <summary>Begins the last turn: what there is to say without exploring further.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        Begin(Timeout.InfiniteTimeSpan);
    }

    /// <summary>The calling worker has ended.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _alive--;
            _running--;
            Monitor.PulseAll(_gate);
        }
    }

    private void AwaitNext()
    {
        lock (_gate)
        {
            if (_clock.Elapsed < _until) return;
            _isMine = false;
            _running--;
            Monitor.PulseAll(_gate);
            while (!_isMine) Monitor.Wait(_gate);
        }
    }
}
