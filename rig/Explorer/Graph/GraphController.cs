using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Graph;

/// <summary>How a run of a thread's body ended, apart from coming to its end.</summary>
internal enum Unwound : byte
{
    No,

    /// <summary>It waits; <see cref="ExecutionGraph.WaitsFor"/> says for what.</summary>
    Blocked,

    /// <summary>The turn it was on trial for does something: the turn is now an event, and the body is to be run again.</summary>
    TurnCounts,

    /// <summary>It has made as many turns of a loop that works as are followed.</summary>
    TurnsUsedUp,

    /// <summary><see cref="GraphController.Fault"/> says what is wrong with the code.</summary>
    Fault,
}

/// <summary>Runs thread bodies against a graph: what a thread has done before is read from the graph and compared, what it does
/// then is added. One thread's body runs straight on until it ends or waits; nobody is ever switched to.</summary>
internal sealed partial class GraphController(
    Locations locations, Choices choices, ExploreSettings settings, IReadOnlyList<string> names) : Controller
{
    /// <summary>Location that stands for the end of the body.</summary>
    private const int Ended = -2;

    private readonly SpinLoop _loop = new();
    private readonly Habits _habits = new();
    private readonly Dictionary<Rcu, int> _depths = new(ReferenceEqualityComparer.Instance);
    private ExecutionGraph _graph = null!;
    private int _next;
    private int _turns;
    private int _threads;
    private long _steps;

    internal Unwound Unwound { get; private set; }

    /// <summary>What is wrong with the code under control, once something is.</summary>
    internal Finding? Fault { get; private set; }

    /// <summary>Events executed so far. Any thread may read it.</summary>
    internal long Steps => Volatile.Read(ref _steps);

    /// <summary>Thread whose body runs. Any thread may read it.</summary>
    internal int Current { get; private set; }

    /// <summary>Set by whoever gave up on the search: every further call unwinds.</summary>
    internal volatile bool IsAbandoned;

    /// <param name="graph">Where the thread's events are, and new ones go.</param>
    /// <param name="thread">Whose body is to run.</param>
    /// <param name="isWatched">What it does is compared with what it did in other executions, not only with what this graph
    /// has.</param>
    internal void Begin(ExecutionGraph graph, int thread, bool isWatched)
    {
        _habits.Begin(thread, isWatched);
        (_graph, Current, _next, _turns, _threads) = (graph, thread, 0, 0, graph.Threads);
        (Unwound, Fault) = (Unwound.No, null);
        _loop.BeginBody();
        if (_depths.Count > 0) _depths.Clear();
    }

    /// <summary>The body has returned. Says whether it may, given what it did before.</summary>
    internal void EndOfBody()
    {
        if (Unwound != Unwound.No) return;
        if (_loop.IsOnTrial) CountTurn();
        else if (_next < _graph.CountOf[Current]) Blame($"did '{Describe(Recorded)}' before and now ends instead");
        else Watch(new Event { Kind = EventKind.Turn, Location = Ended });
    }

    /// <summary>The body has thrown. False if it did so on trial, so that it has not happened yet.</summary>
    internal bool HasThrown()
    {
        if (Unwound != Unwound.No) return false;
        if (!_loop.IsOnTrial) return true;
        _graph.Append(Current, EventKind.Turn, -1, isLocked: false);
        Unwound = Unwound.TurnCounts;
        return false;
    }

    public override ulong Load(nint word) => Read(locations.OfWord(word), ReadPurpose.Load, 0, 0);

    public override void Store(nint word, ulong value) => Write(locations.OfWord(word), value, isLocked: false);

    public override ulong Modify(nint word, Modification how, ulong operand, ulong comparand) =>
        Read(locations.OfWord(word), how switch
    {
        Modification.Exchange => ReadPurpose.Exchange,
        Modification.CompareExchange => ReadPurpose.CompareExchange,
        Modification.Add => ReadPurpose.Add,
        Modification.Or => ReadPurpose.Or,
        _ => ReadPurpose.And,
    }, operand, comparand);

    public override void Fence()
    {
        if (!Enter())
        {
            HoldOnTrial(0);
            return;
        }
        Watch(new Event { Kind = EventKind.Fence, Location = -1 });
        if (_next < _graph.CountOf[Current])
        {
            if (Recorded.Kind != EventKind.Fence) Differ("a fence");
        }
        else
        {
            Bound();
            _graph.Append(Current, EventKind.Fence, -1, isLocked: true);
        }
        _habits.GoOn(0);
        _loop.Rest(_next++);
    }

    public override void Relax()
    {
        if (Enter()) EndTurn(isSpin: false);
        else EndTrialTurn();
    }

    /// <summary>Events of the thread so far: time passes alike in every run that reads alike.</summary>
    public override long Timestamp() => _next;

    private ref Event Recorded => ref _graph.Events[_graph.EventsOf[Current][_next]];

    private ulong Read(int location, ReadPurpose purpose, ulong operand, ulong comparand)
    {
        if (!Enter()) return LookAgain(location, purpose, operand, comparand);
        if (_habits.IsWatched)
        {
            Watch(new Event
                { Kind = EventKind.Read, Location = location, Purpose = purpose, Operand = operand, Comparand = comparand });
        }
        int id;
        if (_next < _graph.CountOf[Current])
        {
            id = _graph.EventsOf[Current][_next];
            ref Event e = ref _graph.Events[id];
            if (e.Kind != EventKind.Read || e.Location != location || e.Purpose != purpose || e.Operand != operand
                || e.Comparand != comparand)
            {
                Differ(Describe(new Event { Kind = EventKind.Read, Location = location, Purpose = purpose, Operand = operand,
                    Comparand = comparand }, withValue: false));
            }
        }
        else
        {
            Bound();
            id = choices.AddRead(_graph, Current, location, purpose, operand, comparand);
        }
        ulong value = _graph.Events[id].Value;
        _next++;
        _habits.GoOn(value);
        if (Purposes.Blocks(purpose, value)) Block([]);
        if (Purposes.Writes(purpose, operand, comparand, value, out ulong written))
        {
            if (_next == _graph.CountOf[Current])
            {
                choices.AddWrite(_graph, Current, location, written, isLocked: true, isAtomic: true);
            }
            _next++;
        }
        else
        {
            written = value;
        }
        if (written != value) _loop.Work(location, written, _next - 1);
        else _loop.Look(location, value, _next - 1);
        if (_loop.IsSuspect) EndTurn(isSpin: true);
        return value;
    }

    private void Write(int location, ulong value, bool isLocked)
    {
        if (!Enter()) CountTurn();
        if (_habits.IsWatched) Watch(new Event { Kind = EventKind.Write, Location = location, Value = value });
        if (_next < _graph.CountOf[Current])
        {
            ref Event e = ref Recorded;
            if (e.Kind != EventKind.Write || e.Location != location || e.Value != value || e.IsLocked != isLocked)
            {
                Differ(Describe(new Event { Kind = EventKind.Write, Location = location, Value = value }));
            }
        }
        else
        {
            Bound();
            choices.AddWrite(_graph, Current, location, value, isLocked, isAtomic: false);
        }
        _habits.GoOn(0);
        _loop.Work(location, value, _next++);
    }

    private void Watch(in Event next)
    {
        if (!_habits.IsWatched || !_habits.IsUnlike(next, out Event before)) return;
        Blame($"did '{Name(before)}' in another execution and now does '{Name(next)}', having read the same");

        string Name(in Event e) => e.Location == Ended ? "end" : Describe(e, withValue: e.Kind == EventKind.Write);
    }

    /// <summary>Counts the step. False if the thread is on trial, when nothing it does is recorded.</summary>
    private bool Enter()
    {
        // Not a step, so that a body that swallows this and never ends is noticed to make none.
        if (Unwound != Unwound.No || IsAbandoned) throw ExecutionEndedException.Instance;
        Volatile.Write(ref _steps, _steps + 1);
        return !_loop.IsOnTrial;
    }

    private void Bound()
    {
        if (_next < settings.StepsPerThreadMax) return;
        Fault = new Finding("never ends", "Every thread ends.",
            $"{names[Current]} has made {_next:N0} steps and has not ended; the limit is settings.StepsPerThreadMax.");
        End(Unwound.Fault);
    }

    private void End(Unwound how)
    {
        Unwound = how;
        throw ExecutionEndedException.Instance;
    }

    private void Block(int[] words)
    {
        _graph.WaitsFor[Current] = words;
        End(Unwound.Blocked);
    }

    private void Differ(string now) => Blame($"did '{Describe(Recorded)}' before and now does '{now}', having read the same");

    private void Blame(string what)
    {
        Fault = new Finding("nondeterministic", "A thread that reads the same does the same.",
            $"{names[Current]}, at its step {_next + 1}, {what}: it is nondeterministic, or touches shared state that the "
                + "machine cannot see.");
        Unwound = Unwound.Fault;
        throw ExecutionEndedException.Instance;
    }

    private string Describe(in Event e, bool withValue = true) => EventText.Of(e, locations, withValue);
}
