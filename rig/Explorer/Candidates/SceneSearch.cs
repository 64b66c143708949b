using System.Diagnostics;
using System.Globalization;
using Lab.Explorer.Orders;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Candidates;

/// <summary>Looks at every execution of a scene that a weak memory model allows: what each thread may do if its reads return
/// whatever anybody may store, then all ways in which these values can come about.</summary>
/// <remarks>The search under the model is made with plain values deciding what is stored later. What the verdict owes to that is
/// asked of two more searches: one in which they decide nothing, one in which they decide everything.</remarks>
internal sealed class SceneSearch : ISceneWalk
{
    /// <summary>Of sets of stronger orders, those that are shown.</summary>
    private const int FixesMax = 3;

    private static readonly TimeSpan FixTime = TimeSpan.FromSeconds(10);

    private readonly Scene _scene;
    private readonly ExploreSettings _settings;
    private readonly OrderModel _model;
    private readonly Locations _locations;
    private readonly CodeSites _sites;
    private readonly EventNames _eventNames;
    private readonly ExecutionText _text;
    private readonly string[] _names;
    private readonly Dictionary<string, long> _outcomes = [];
    private SceneProgram _running;
    private long _executions;
    private long _cut;
    private long _violations;
    private long _steps;
    private long _looked;
    private volatile bool _isStopped;
    private CandidateSearch? _search;

    internal SceneSearch(Scene scene, WordPool pool, ExploreSettings settings)
    {
        (_scene, _settings, _model) = (scene, settings, OrderModels.Of(settings.Model));
        _names = [.. scene.Threads.Select(thread => thread.Name)];
        _locations = new Locations(scene, pool);
        _sites = new CodeSites(_locations, _names);
        _eventNames = new EventNames(_locations.NameOf, value => ValueText(pool, unchecked((ulong)value)), _ => 0);
        _text = new ExecutionText(scene, pool, settings.Model);
        _running = Program(_model, PlainValues.DecideStores);
    }

    /// <inheritdoc/>
    public long Executions => Volatile.Read(ref _executions);

    /// <inheritdoc/>
    public long Progress => Volatile.Read(ref _steps) + _running.Controller.Steps + Volatile.Read(ref _looked)
        + (Volatile.Read(ref _search)?.Progress ?? 0);

    /// <summary>What is running. Any thread may read it.</summary>
    internal string CurrentThread => _names.Length == 0 ? "" : _names[_running.Controller.Current];

    internal long Cut => _cut;

    internal long Violations => _violations;

    internal IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    internal OrderModel Model => _model;

    /// <summary>The first violation.</summary>
    internal Failure? Failure { get; private set; }

    /// <summary>What makes the code impossible to explore.</summary>
    internal Finding? Fault { get; private set; }

    /// <summary>Loops were followed for some turns only.</summary>
    internal bool HasLeftOutTurns { get; private set; }

    /// <summary>Everything has been looked at.</summary>
    internal bool IsFinished { get; private set; }

    /// <summary>A thread can do more things than are kept.</summary>
    internal bool HasTooManyTraces { get; private set; }

    /// <summary>What the verdict owes to what plain values are taken to decide, in words; empty if nothing.</summary>
    internal string Assumption { get; private set; } = "";

    /// <inheritdoc/>
    public bool IsStopped
    {
        set => _isStopped = value;
    }

    public void Abandon()
    {
        IsStopped = true;
        _running.Controller.IsAbandoned = true;
    }

    public ExploreResult Of(ExploreSettings settings, TimeSpan elapsed, string? stoppedBy) =>
        CandidateReport.Of(this, settings, elapsed, stoppedBy);

    public ExploreResult NeverEnds(ExploreSettings settings, TimeSpan elapsed) =>
        CandidateReport.NeverEnds(this, settings, elapsed);

    internal long Steps => _steps + _running.Controller.Steps;

    /// <summary>Axiom that forbids the execution that is replayed, or null.</summary>
    internal string? ForbiddenBy { get; private set; }

    /// <summary>It happens under sequential consistency, too.</summary>
    internal bool IsNoMatterOfOrder { get; private set; }

    /// <inheritdoc/>
    public void Run()
    {
        if (_settings.Search == Lab.Explorer.Search.Replay)
        {
            Replay(_settings.Schedule
                ?? throw new ArgumentException("A replay needs the string of an execution; each failure prints one."));
            return;
        }
        SceneVisit visit = new(_scene, _locations, _names);
        (Finding Finding, DrawnExecution Drawn, string Replay)? found = null;
        Search(_running, _model, OrderChanges.None, (x, traces) =>
        {
            Volatile.Write(ref _looked, _looked + 1);
            visit.Look(_running, x, traces);
            Finding? finding = visit.Finding;
            if (visit.Fault is not null) return false;
            if (visit.IsComplete)
            {
                Volatile.Write(ref _executions, _executions + 1);
                if (visit.Outcome is { } outcome) _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
            }
            else if (finding is null) _cut++;
            if (finding is not null)
            {
                _violations++;
                found ??= (finding, Drawn(x, traces), _text.Encode(x, traces));
                if (!_settings.KeepGoing) return false;
            }
            return _executions < _settings.ExecutionsMax;
        }, visit);
        IsFinished &= found is null || _settings.KeepGoing;
        if (Fault is not null) return;
        if (found is { } failing) Explain(failing.Finding, failing.Drawn, failing.Replay);
        else if (IsFinished && _model.HasLoadBuffering && _running.HasPlainValues) Assumption = Assumed();
    }

    /// <summary>What the answer owes to what plain values are taken to decide, in words; empty if nothing.</summary>
    private string Assumed()
    {
        string? other = null;
        bool? hasOther = Any(_model, PlainValues.DecideNothing, OrderChanges.None, () => _isStopped, visit =>
        {
            other = visit.Finding?.What ?? (visit.Outcome is { } outcome && !_outcomes.ContainsKey(outcome) ? outcome : null);
            return other is not null;
        });
        if (hasOther == false) return "";
        return "each load of a plain number is taken to decide what its thread stores later, so load buffering is excluded; "
            + (hasOther == true ? $"without that there is '{other}'" : "what there is without that is not known")
            + "; LoadTracked shows what is computed from what";
    }

    /// <summary>Runs the one execution that a string tells.</summary>
    private void Replay(string text)
    {
        RecordedExecution recorded = _text.Decode(text);
        SceneVisit visit = new(_scene, _locations, _names);
        Guarded(() =>
        {
            (Execution x, ThreadTrace[] traces) = recorded.Run(_running, _model);
            // A program whose orders were made stronger since.
            ForbiddenBy = _model.Broken(x)?.Name;
            if (ForbiddenBy is not null) return;
            visit.Look(_running, x, traces);
            Finding? finding = visit.Finding;
            Fault ??= visit.Fault;
            if (visit.IsComplete) _executions = 1;
            if (visit.Outcome is { } outcome) _outcomes[outcome] = 1;
            if (finding is null) return;
            _violations = 1;
            Failure = Failing(finding, new FailingExecution(_settings.Model, Drawn(x, traces)), text);
        });
        IsFinished = true;
    }

    /// <summary>A pointer by the word's name.</summary>
    private string ValueText(WordPool pool, ulong value) => pool.PlaceOf(value) is not (int word, int rest)
        ? value.ToString(CultureInfo.InvariantCulture)
        : $"&{_locations.NameOf(word)}{(rest == 0 ? "" : $"+{rest.ToString(CultureInfo.InvariantCulture)}")}";

    private Failure Failing(Finding finding, FailingExecution execution, string replay) =>
        new(finding, _names, [], 0, replay, HasFewestPreemptions: false, HasFewestSteps: false) { Execution = execution };

    private SceneProgram Program(OrderModel model, PlainValues plain) => new(_scene, _locations, model, _sites, plain);

    private void Explain(Finding finding, DrawnExecution drawn, string replay)
    {
        long start = Stopwatch.GetTimestamp();
        bool IsOver() => _isStopped || Stopwatch.GetElapsedTime(start) > FixTime;
        List<Counterexample> known = [];
        SmallestFix fix = new(_sites.All, (model, changes) => known.Any(one => one.IsAllowed(_running, model, changes))
            ? true : IsViolated(model, PlainValues.DecideStores, changes, IsOver, known), IsOver);
        IReadOnlyList<OrderChange[]> sets = fix.Under(_model, FixesMax);
        IsNoMatterOfOrder = fix.IsNoMatterOfOrder;
        string[] fixes = [.. sets.Select(_sites.Told)];
        List<string> notes = [];
        if (fix.IsNoMatterOfOrder) notes.Add("it happens under sequential consistency, too: no order forbids it");
        else if (fixes.Length == 0 && IsOver())
        {
            notes.Add("no smallest fix was found in the time there was");
        }
        else if (fixes.Length == 0) notes.Add($"no set of at most {SmallestFix.ChangesMax} stronger orders forbids it");
        if (_model.HasLoadBuffering && _running.HasPlainValues && !fix.IsNoMatterOfOrder
            && IsViolated(_model, PlainValues.DecideEverything, OrderChanges.None, IsOver) == false)
        {
            notes.Add("it does not happen if each address is computed from the loads before it, which plain numbers do not show; "
                + "where it is, load with LoadTracked");
        }
        Failure = Failing(finding, new FailingExecution(_settings.Model, drawn) { Fixes = fixes, Notes = notes }, replay);
    }

    /// <summary>Whether anything is wrong with other orders; null if stopped before that was known.</summary>
    private bool? IsViolated(OrderModel model, PlainValues plain, OrderChanges changes, Func<bool> isOver,
        List<Counterexample>? known = null) => Any(model, plain, changes, isOver, visit => visit.Finding is not null, known);

    /// <summary>Whether there is an execution that is looked for; null if stopped before that was known.</summary>
    private bool? Any(
        OrderModel model, PlainValues plain, OrderChanges changes, Func<bool> isOver, Func<SceneVisit, bool> isLookedFor,
        List<Counterexample>? known = null)
    {
        SceneProgram program = Program(model, plain);
        SceneVisit visit = new(_scene, _locations, _names);
        SceneProgram before = Take(program);
        bool isFound = false;
        CandidateSearch search = new(program, model, changes) { IsStopped = isOver };
        Volatile.Write(ref _search, search);
        Guarded(() => search.Run((x, traces) =>
        {
            Volatile.Write(ref _looked, _looked + 1);
            visit.Look(program, x, traces);
            isFound = isLookedFor(visit);
            if (isFound) known?.Add(new Counterexample(x, traces, _locations.Count));
            return !isFound && visit.Fault is null;
        }), visit);
        Take(before);
        return isFound ? true : search.WasStopped || search.HasLeftOutLoops || program.HasLeftOutTurns ? null : false;
    }

    private SceneProgram Take(SceneProgram next)
    {
        SceneProgram before = _running;
        Volatile.Write(ref _steps, _steps + before.Controller.Steps);
        _running = next;
        return before;
    }

    private void Search(SceneProgram program, OrderModel model, OrderChanges changes,
        Func<Execution, IReadOnlyList<ThreadTrace>, bool> look, SceneVisit visit)
    {
        CandidateSearch search = new(program, model, changes) { IsStopped = () => _isStopped };
        Volatile.Write(ref _search, search);
        Guarded(() => search.Run(look), visit);
        HasTooManyTraces = search.HasTooManyTraces;
        // Something always happens: where nothing was found to, something was left out.
        HasLeftOutTurns = program.HasLeftOutTurns || search.HasLeftOutLoops || _looked == 0;
        IsFinished = !search.WasStopped && Fault is null && _executions < _settings.ExecutionsMax;
    }

    /// <summary>Code that cannot be explored ends the search, whatever it was looking for.</summary>
    private void Guarded(Action search, SceneVisit? visit = null)
    {
        try
        {
            search();
            Fault ??= visit?.Fault;
        }
        catch (ExecutionEndedException)
        {
            // Given up from outside.
        }
        catch (TraceDiffersException)
        {
            Fault = SceneVisit.Nondeterministic(CurrentThread);
        }
        catch (NotSupportedException e)
        {
            Fault = new Finding("unsupported", "The program uses only what the search models.", $"{CurrentThread}: {e.Message}");
        }
    }

    /// <summary>The execution as a picture, each event with the place in the code that made it.</summary>
    private DrawnExecution Drawn(Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        DrawnExecution drawn = DrawnExecution.Of(_eventNames, x, null);
        List<string?> places = [];
        CandidateController controller = _running.Controller;
        for (int thread = 0; thread < traces.Count; thread++)
        {
            controller.Places = [];
            ThreadTrace again = SceneVisit.Rerun(_running, thread, traces[thread], _model);
            for (int index = 0; index < again.Events.Count; index++)
            {
                string? place = index < controller.Places.Count ? controller.Places[index] : null;
                places.Add(place);
                if (place is not null && again.Events[index].Site >= 0) _sites.Places[again.Events[index].Site] = place;
            }
        }
        controller.Places = null;
        return drawn with { Events = [.. drawn.Events.Select((e, index) => e with { Place = places[index] })] };
    }
}
