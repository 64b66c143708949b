using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Application.Settings;
using Lab.Explorer;
using Lab.Explorer.Programs;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Explorer.Strategies;
using Lab.Strategies;

namespace Lab.Cli.Explore;

/// <summary>The options of <c>lab explore</c>, and how they become an <see cref="ExploreRequest"/>.</summary>
internal sealed class ExploreOptions
{
    private const int PreemptionsMax = 1000;
    private const int DepthMax = 64;
    private const int WorkersMax = 256;
    private const int RandomExecutions = 100_000;
    private const string SoundScenario = "fast-zap-dirty-log";
    private static readonly TimeSpan BudgetMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan BudgetMax = TimeSpan.FromHours(24);

    private readonly Option<string> _strategy = Text("--strategy", "strategies, comma-separated; 'all' is every sound one, 'broken' every broken one", "async-put");
    private readonly Option<string> _scenario = Text("--scenario", "scenarios, comma-separated, 'all', or a .scenario file; by default all until one fails for a broken strategy, else " + SoundScenario, "");
    private readonly Option<string[]> _set = new("--set") { Description = "parameter of a scenario: vcpus=2; may be repeated" };
    private readonly Option<string> _search = Text("--search", "exhaustive, bounded (by preemptions, fewest first), random, pct, pos or urw; auto is bounded for a broken strategy, else exhaustive", "auto");
    private readonly Option<string> _preemptions = Text("--preemptions", "explore schedules with at most so many preemptions", "unlimited");
    private readonly Option<string> _model = Text("--model", "memory model: sc or tso", "sc");
    private readonly Option<string> _budget = Text("--budget", "wall-clock time for each exploration: 30s, or none", "1m");
    private readonly Option<string> _executions = Text("--executions", "stop after so many executions; random searches make 100000 unless told", "");
    private readonly Option<string> _depth = Text("--depth", "bug depth of --search pct", "3");
    private readonly Option<string> _seed = Text("--seed", "seed of the random searches", "1");
    private readonly Option<string> _workers = Text("--workers", "threads that explore", "1");
    private readonly Option<string> _replay = Text("--replay", "run one recorded schedule, as a failure report prints it", "");
    private readonly Option<bool> _asFound = new("--as-found") { Description = "print a failing schedule as it was found instead of the smallest" };
    private readonly Option<bool> _glue = new("--glue") { Description = "glue the two halves of a fast zap together (reference 3.4)" };
    private readonly Option<bool> _tail = new("--tail") { Description = "new roots join the list at its tail instead of its head (reference 3.4)" };
    private readonly Option<string> _program = Text("--program", "explore a classic program instead of strategies", "");
    private readonly Option<string> _size = Text("--size", "size of the program; its own default if absent", "");
    private readonly Option<string> _format = Text("--format", "standard output: text, json or markdown", "text");
    private readonly Option<bool> _allSteps = new("--all-steps") { Description = "print every step of a schedule, not only those that change something" };
    private readonly Option<string[]> _plugin = new("--plugin") { Description = "assembly that offers strategies of its own; may be repeated" };

    private IEnumerable<Option> All =>
    [
        _strategy, _scenario, _set, _search, _preemptions, _model, _budget, _executions, _depth, _seed, _workers, _replay, _asFound, _glue, _tail, _program, _size,
        _format, _allSteps, _plugin,
    ];

    /// <summary>Options that a replay string decides.</summary>
    private IEnumerable<Option> Replayed => [_set, _search, _preemptions, _model, _executions, _depth, _seed, _workers, _asFound, _glue, _tail];

    private IEnumerable<Option> OfStrategies => [_strategy, _scenario, _set, _preemptions, _workers, _asFound, _glue, _tail, _plugin];

    public void AddTo(Command command)
    {
        foreach (Option option in All) command.Options.Add(option);
    }

    /// <exception cref="UsageException">Something asked for cannot be; nothing was started.</exception>
    public ExploreRequest Read(ParseResult parsed, LabCatalogue catalogue)
    {
        string Of(Option<string> option) => parsed.GetValue(option) ?? "";
        foreach (string plugin in parsed.GetValue(_plugin) ?? []) catalogue.AddPlugin(plugin);
        ExploreRequest request = new()
        {
            Format = Names.Choice("--format", Of(_format), ("text", ExploreFormat.Text), ("json", ExploreFormat.Json), ("markdown", ExploreFormat.Markdown)),
            AllSteps = parsed.GetValue(_allSteps),
            Plugins = parsed.GetValue(_plugin) ?? [],
        };
        if (Of(_replay).Length > 0) Refuse(parsed, Replayed, "cannot stand beside --replay: the string decides it");
        if (Of(_program).Length > 0)
        {
            Refuse(parsed, OfStrategies, "is for strategies; leave it out beside --program");
            return request with { Program = Program(Of) };
        }
        Refuse(parsed, [_size], "is for programs; name one with --program");
        StrategySettings settings = Settings(Of, parsed);
        if (Of(_replay).Length > 0)
        {
            if (!ScheduleText.TryDecode(Of(_replay), out ScheduleKey? recorded, out _, out string? complaint)) throw new UsageException($"--replay: {complaint}");
            StrategyPlan plan = ReplayPlan(recorded, Given(parsed, _strategy) ? Of(_strategy) : null, Given(parsed, _scenario) ? Of(_scenario) : null, catalogue);
            IReadOnlySet<string> variants = ScenarioChoice.Recorded(recorded).Variants;
            settings = settings with { Model = recorded.Model, GlueFastZap = variants.Contains("glue"), InsertAtTail = variants.Contains("tail") };
            return request with { Settings = settings, Replay = Of(_replay), Plans = [plan] };
        }
        return request with { Settings = settings, Plans = Plans(Of, parsed, catalogue) };
    }

    private ProgramRequest Program(Func<Option<string>, string> of)
    {
        ClassicProgram program = Names.Find("program", of(_program), ClassicPrograms.All, one => one.Name);
        int size = of(_size).Length == 0 ? program.DefaultSize : Quantities.Whole("--size", of(_size), 1, program.SizeMax);
        Search search = Names.Choice("--search", of(_search), ("exhaustive", Search.Optimal), ("random", Search.Random), ("pct", Search.Pct), ("pos", Search.Pos), ("urw", Search.Urw), ("auto", Search.Optimal));
        return new ProgramRequest(program, size, new ExploreSettings
        {
            Search = of(_replay).Length > 0 ? Search.Replay : search,
            Schedule = of(_replay).Length > 0 ? of(_replay) : null,
            Model = Model(of),
            Budget = Budget(of),
            ExecutionsMax = Executions(of, search != Search.Optimal),
            PctDepth = Quantities.Whole("--depth", of(_depth), 1, DepthMax),
            Seed = Quantities.Seed(of(_seed)),
        });
    }

    private StrategySettings Settings(Func<Option<string>, string> of, ParseResult parsed) => new()
    {
        Model = Model(of),
        PreemptionsMax = of(_preemptions) == "unlimited" ? int.MaxValue : Quantities.Whole("--preemptions", of(_preemptions), 0, PreemptionsMax),
        Budget = Budget(of),
        PctDepth = Quantities.Whole("--depth", of(_depth), 1, DepthMax),
        Seed = Quantities.Seed(of(_seed)),
        ExecutionsMax = Executions(of, SearchOf(of) is not (null or StrategySearch.Exhaustive or StrategySearch.Bounded)),
        AsFound = parsed.GetValue(_asFound),
        GlueFastZap = parsed.GetValue(_glue),
        InsertAtTail = parsed.GetValue(_tail),
        Workers = Quantities.Whole("--workers", of(_workers), 1, WorkersMax),
    };

    private List<StrategyPlan> Plans(Func<Option<string>, string> of, ParseResult parsed, LabCatalogue catalogue)
    {
        IReadOnlyList<Subject> strategies = Strategies(of(_strategy), catalogue);
        IReadOnlyList<Scenario>? named = of(_scenario).Length > 0 || Given(parsed, _scenario) ? ScenarioChoice.Named(of(_scenario), catalogue) : null;
        IReadOnlyList<Scenario> mayBeMeant = named ?? (strategies.All(one => !one.IsBroken) ? [catalogue.Scenario(SoundScenario)] : catalogue.Scenarios);
        Dictionary<string, long> values = ScenarioChoice.Values(parsed.GetValue(_set) ?? [], mayBeMeant);
        StrategySearch? asked = SearchOf(of);
        List<StrategyPlan> plans = [];
        foreach (Subject strategy in strategies)
        {
            IEnumerable<Scenario> scenarios = named
                ?? (strategy.IsBroken ? [.. catalogue.Scenarios.OrderBy(one => !strategy.Members.Any(member => one.Rejects.Contains(member.Name)))] : [catalogue.Scenario(SoundScenario)]);
            StrategySearch search = asked ?? (strategy.IsBroken ? StrategySearch.Bounded : StrategySearch.Exhaustive);
            plans.Add(new StrategyPlan(strategy, [.. scenarios.Select(one => ScenarioChoice.With(one, values))], search, StopsAtViolation: named is null));
        }
        return plans;
    }

    /// <summary>The explorer itself refuses a schedule of another version of the scenario; here it is found by name.</summary>
    private static StrategyPlan ReplayPlan(ScheduleKey recorded, string? strategy, string? scenario, LabCatalogue catalogue)
    {
        (string name, IReadOnlyDictionary<string, long> values, _) = ScenarioChoice.Recorded(recorded);
        if (strategy is not null && strategy != recorded.Subject) throw Contradiction("--strategy", strategy, recorded.Subject);
        Subject entry = catalogue.Named(recorded.Subject, Explorable(catalogue));
        IReadOnlyList<Scenario> made = scenario is null ? [Names.Find("scenario", name, catalogue.Scenarios, one => one.Name)] : ScenarioChoice.Named(scenario, catalogue);
        if (made is not [var only] || only.Name != name) throw Contradiction("--scenario", scenario!, name);
        return new StrategyPlan(entry, [ScenarioChoice.With(only, values)], StrategySearch.Exhaustive, StopsAtViolation: false);
    }

    private static UsageException Contradiction(string option, string given, string inString) =>
        new($"{option} {given} contradicts the replay string, which is for '{inString}'; leave the option out.");

    /// <summary>What the running kernel does is not under the explorer's control.</summary>
    private static IReadOnlyList<Subject> Explorable(LabCatalogue catalogue) => [.. catalogue.Strategies.Where(entry => !entry.NeedsKernel)];

    private static IReadOnlyList<Subject> Strategies(string text, LabCatalogue catalogue)
    {
        List<Subject> chosen = [];
        foreach (string name in Names.Items("--strategy", text))
        {
            if (name == "all") chosen.AddRange(Explorable(catalogue).Where(entry => !entry.IsBroken && !entry.IsBound));
            else if (name == "broken") chosen.AddRange(Explorable(catalogue).Where(entry => entry.IsBroken));
            else chosen.Add(catalogue.Named(name, Explorable(catalogue)));
        }
        if (chosen.Find(entry => entry.IsBound) is { } bound)
            throw new UsageException($"'{bound.Name}' is a floor for measurements, not a strategy that can be explored; leave it out.");
        return [.. chosen.Distinct()];
    }

    private StrategySearch? SearchOf(Func<Option<string>, string> of) => Names.Choice<StrategySearch?>(
        "--search", of(_search), ("exhaustive", StrategySearch.Exhaustive), ("bounded", StrategySearch.Bounded), ("random", StrategySearch.Random),
        ("pct", StrategySearch.Pct), ("pos", StrategySearch.Pos), ("urw", StrategySearch.Urw), ("auto", null));

    private MemoryModel Model(Func<Option<string>, string> of) => Names.Choice("--model", of(_model), ("sc", MemoryModel.Sc), ("tso", MemoryModel.Tso));

    private TimeSpan Budget(Func<Option<string>, string> of) =>
        of(_budget) == "none" ? Timeout.InfiniteTimeSpan : Quantities.Duration("--budget", of(_budget), BudgetMin, BudgetMax);

    private long Executions(Func<Option<string>, string> of, bool isRandom) =>
        of(_executions).Length > 0 ? Quantities.Whole("--executions", of(_executions), 1, int.MaxValue) : isRandom ? RandomExecutions : long.MaxValue;

    private static bool Given(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static void Refuse(ParseResult parsed, IEnumerable<Option> options, string why)
    {
        if (options.FirstOrDefault(option => Given(parsed, option)) is { } given) throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{given.Name} {why}."));
    }

    private static Option<string> Text(string name, string description, string byDefault) =>
        new(name) { Description = description, DefaultValueFactory = _ => byDefault };
}
