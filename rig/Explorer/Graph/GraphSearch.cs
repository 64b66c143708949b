using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

/// <summary>The optimal search: walks through all consistent execution graphs of a scene, each once, by adding one event after
/// the other and taking back choices, the last first. When a write changes what an older read reads, the walk goes on in a copy;
/// copies are as many as such changes lie above each other, so memory stays linear in the length of an execution.</summary>
/// <remarks>Source: Kokologiannakis et al., POPL 2022 (see <see cref="Revisits"/>). <see cref="Run"/> belongs to one thread; the
/// properties that say so may be read by others meanwhile.</remarks>
internal sealed class GraphSearch : ISceneWalk
{
    /// <summary>After so many executions only every so-many-th repeats all bodies, to find out code that is not what it pretends
    /// to be.</summary>
    private const int RepeatedAlways = 256;

    private const int RepeatedEvery = 64;

    private readonly Scene _scene;
    private readonly ExploreSettings _settings;
    private readonly Locations _locations;
    private readonly Choices _choices;
    private readonly GraphController _controller;
    private readonly Explored _machine;
    private readonly string[] _names;
    private readonly Dictionary<string, long> _outcomes = [];
    private readonly List<(ExecutionGraph Graph, int Floor, int First, int Base)> _levels = [];
    private readonly long[] _lastRun;
    private readonly WalkedSlice _slice;
    private bool _counts = true;
    private int _depth;
    private long _runs;
    private long _executions;
    private long _cut;

    internal GraphSearch(Scene scene, WordPool pool, ExploreSettings settings, WalkedSlice? slice = null)
    {
        (_scene, _settings, _slice) = (scene, settings, slice ?? new WalkedSlice(settings.Slice));
        _names = [.. scene.Threads.Select(thread => thread.Name)];
        _locations = new Locations(scene, pool);
        _choices = new Choices(_locations);
        _controller = new GraphController(_locations, _choices, settings, _names);
        _machine = new Explored(_controller);
        _lastRun = new long[_names.Length];
    }

    /// <summary>Complete executions so far. Any thread may read it.</summary>
    public long Executions => Volatile.Read(ref _executions);

    /// <summary>Grows while the search gets on. Any thread may read it.</summary>
    public long Progress => _controller.Steps + Executions;

    /// <summary>What is running. Any thread may read it.</summary>
    internal string CurrentThread => _names.Length == 0 ? "" : _names[_controller.Current];

    internal long Steps => _controller.Steps;

    internal long Cut => _cut;

    internal IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    /// <summary>The first violation.</summary>
    internal Failure? Failure { get; private set; }

    /// <summary>What makes the code impossible to explore.</summary>
    internal Finding? Fault { get; private set; }

    /// <summary>Loops that do more than look were followed for some turns only.</summary>
    internal bool HasLeftOutTurns { get; private set; }

    /// <summary>Everything has been walked through.</summary>
    internal bool IsFinished { get; private set; }

    /// <summary>Set by whoever wants the search to return soon.</summary>
    private volatile bool _isStopped;

    public bool IsStopped
    {
        set => _isStopped = value;
    }

    private bool MayGoOn =>
        !_isStopped && Fault == null && (Failure == null || _settings.KeepGoing) && _executions < _settings.ExecutionsMax;

    /// <summary>Walks until everything is explored, something is found, or it is stopped.</summary>
    public void Run()
    {
        ExecutionGraph graph = GraphAt(0);
        _levels[0] = (graph, 0, -1, -1);
        Visit visit = _slice.Begin();
        if (visit is Visit.Counted or Visit.Passed)
        {
            _counts = visit == Visit.Counted;
            Extend(graph, -1);
            _slice.Keep(0, _choices.Count);
        }
        while (MayGoOn)
        {
            (graph, int floor, int first, int revisiting) = _levels[_depth];
            if (_choices.Count == floor)
            {
                if (_depth == 0)
                {
                    IsFinished = true;
                    return;
                }
                _depth--;
                continue;
            }
            visit = _slice.Take(_choices.Count);
            if (visit == Visit.Ends)
            {
                IsFinished = true;
                return;
            }
            Alternative alternative = _choices.Take();
            if (visit == Visit.LeftOut) continue;
            _counts = visit == Visit.Counted;
            int before = _choices.Count;
            Take(graph, alternative, first, revisiting);
            _slice.Keep(before, _choices.Count);
        }
        IsFinished = _choices.Count == 0;
    }

    public void Abandon()
    {
        IsStopped = true;
        _controller.IsAbandoned = true;
    }

    public ExploreResult Of(ExploreSettings settings, TimeSpan elapsed, string? stoppedBy) =>
        GraphReport.Of(this, settings, elapsed, stoppedBy);

    public ExploreResult NeverEnds(ExploreSettings settings, TimeSpan elapsed) => GraphReport.NeverEnds(this, settings, elapsed);

    private void Take(ExecutionGraph graph, Alternative alternative, int first, int revisiting)
    {
        int id = alternative.Event;
        int thread = graph.Events[id].Thread;
        graph.Cut(id + 1);
        graph.Reopen(thread);
        switch (alternative.Kind)
        {
            case AlternativeKind.Source:
                graph.ClearSource(id);
                graph.SetSource(id, alternative.Choice, _choices.ValueOf(graph, alternative.Choice));
                BlockIfWaiting(graph, id);
                Extend(graph, thread);
                break;
            case AlternativeKind.ContestedSource:
                graph.ClearSource(id);
                graph.SetSource(id, alternative.Choice, _choices.ValueOf(graph, alternative.Choice));
                _choices.AddContestedWrite(graph, id);
                break;
            case AlternativeKind.Place:
                graph.ClearPlace(id);
                graph.SetPlace(id, alternative.Choice);
                Extend(graph, id == revisiting ? first : -1);
                break;
            default:
                graph.ClearPlace(id);
                Descend(graph, alternative.Choice, id);
                break;
        }
    }

    private void Descend(ExecutionGraph whole, int revisited, int revisiting)
    {
        ExecutionGraph graph = GraphAt(_depth + 1);
        (int read, int write) = graph.CopyFor(whole, revisited, revisiting);
        int floor = _choices.Count;
        if (!_choices.Revisit(graph, read, write)) return;
        _depth++;
        // A read-modify-write is completed before anything else, so that nothing comes between its parts.
        int first = graph.Events[read].IsPlainLoad ? -1 : graph.Events[read].Thread;
        _levels[_depth] = (graph, floor, first, write);
        BlockIfWaiting(graph, read);
        Extend(graph, first);
    }

    private ExecutionGraph GraphAt(int depth)
    {
        if (depth == _levels.Count)
        {
            _levels.Add((new ExecutionGraph(_names.Length, _settings.Model == MemoryModel.Tso), 0, -1, -1));
        }
        return _levels[depth].Graph;
    }

    /// <summary>A thread that is seen to wait need not be run to find that out.</summary>
    private static void BlockIfWaiting(ExecutionGraph graph, int read)
    {
        ref Event e = ref graph.Events[read];
        if (!Purposes.Blocks(e.Purpose, e.Value)) return;
        graph.States[e.Thread] = ThreadState.Blocked;
        graph.WaitsFor[e.Thread] = [];
    }

    /// <summary>Runs every thread that may have more events, <paramref name="first"/> before the others, and looks at what has
    /// come out.</summary>
    private void Extend(ExecutionGraph graph, int first)
    {
        if (first >= 0 && graph.States[first] == ThreadState.Open && !RunBody(graph, first)) return;
        for (int thread = 0; thread < _names.Length; thread++)
        {
            if (graph.States[thread] == ThreadState.Open && !RunBody(graph, thread)) return;
        }
        if (Array.IndexOf(graph.States, ThreadState.Blocked) >= 0)
        {
            if (_counts) _cut++;
            if (Waiting.FindStuck(graph, _locations, _names) is { } finding) Violate(graph, finding);
            return;
        }
        Complete(graph);
    }

    private void Complete(ExecutionGraph graph)
    {
        if (!_counts) return;
        bool isRepeated = _executions < RepeatedAlways || _executions % RepeatedEvery == 0;
        Volatile.Write(ref _executions, _executions + 1);
        bool isObserved = _scene.OutcomeOf != null || _scene.Complaint != null;
        if (!isRepeated && !isObserved) return;
        for (int thread = 0; thread < _names.Length; thread++)
        {
            if ((isRepeated || graph.RunOf[thread] != _lastRun[thread]) && !RunBody(graph, thread)) return;
        }
        if (!isObserved) return;
        for (int word = 0; word < _locations.WordCount && word < graph.Writes.Length; word++)
        {
            _scene.Words[word].Value = _choices.ValueOf(graph, graph.LastWrite(word));
        }
        try
        {
            if (_scene.OutcomeOf is { } outcomeOf)
            {
                string outcome = outcomeOf();
                _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
            }
            if (_scene.Complaint?.Invoke() is { } complaint)
            {
                Violate(graph, new Finding("check", "What the scene checks at the end holds.", complaint));
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Violate(graph, new Finding("exception", "The scene's check and outcome throw nothing.",
                $"After a complete execution: {e.GetType().Name}: {e.Message}"));
        }
    }

    private void Violate(ExecutionGraph graph, Finding finding)
    {
        if (_counts) Failure ??= new Linearisation(graph, _locations, _names).Show(finding);
    }

    /// <summary>Runs a thread's body to its end, or until it waits. False if this graph shall not be extended any more.</summary>
    private bool RunBody(ExecutionGraph graph, int thread)
    {
        do
        {
            _controller.Begin(graph, thread, isWatched: _executions < RepeatedAlways);
            try
            {
                _scene.Threads[thread].Body(_machine);
                _controller.EndOfBody();
            }
            catch (ExecutionEndedException)
            {
                // Unwound says why.
            }
            catch (NotSupportedException e) when (_controller.Unwound == Unwound.No)
            {
                Fault =
                    new Finding("unsupported", "The program uses only what the search models.", $"{_names[thread]}: {e.Message}");
                return false;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (_controller.HasThrown())
                {
                    if (_counts) _cut++;
                    Violate(graph,
                        new Finding("exception", "No thread throws.", $"{_names[thread]}: {e.GetType().Name}: {e.Message}"));
                    return false;
                }
            }
        }
        while (_controller.Unwound == Unwound.TurnCounts && !_isStopped);
        return Settle(graph, thread);
    }

    private bool Settle(ExecutionGraph graph, int thread)
    {
        switch (_controller.Unwound)
        {
            case Unwound.No:
                graph.States[thread] = ThreadState.Done;
                graph.RunOf[thread] = _lastRun[thread] = ++_runs;
                return true;
            case Unwound.Blocked:
                graph.States[thread] = ThreadState.Blocked;
                return true;
            case Unwound.TurnsUsedUp:
                graph.States[thread] = ThreadState.Blocked;
                graph.WaitsFor[thread] = Waiting.Unknown;
                HasLeftOutTurns = true;
                return true;
            default:
                Fault = _controller.Fault;
                return false;
        }
    }
}
