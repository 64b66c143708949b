using System.Globalization;
using Lab.Explorer.Agents;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Strategies;

/// <summary>One exploration of a program on one thread: the search, then the smallest failure, then its story.</summary>
internal sealed partial class StrategyRun(StrategyProgram program, string subject, Scenario scenario, StrategySettings settings,
    Turn turn, Action<ExploreProgress>? observer, int worker)
{
    /// <summary>What steps there are beside the strategy's own; another word here, and schedules recorded before are refused.
    /// Since 0020 the page tables are those of metal.</summary>
    private const string Model = "radix";

    private const int LearningExecutions = 60;
    private const int ExecutionsPerReport = 256;
    private const int RecalledPerLook = 64;
    private const int StatesPerLearning = 20_000;
    private const int DefaultSamples = 10_000;

    /// <summary>Executions that a step of the shortening may take. Not time: the same seed gives the same schedule on a slow
    /// machine.</summary>
    private const int ShorteningExecutions = 10_000;
    private readonly AgentController _agents = program.Agents;
    private long _executions;
    private int _learnings;
    private long _cut;
    private long _states;
    private Found? _found;
    private RecalledProgram? _recalled;
    private string? _whyRun;

    /// <summary>What random executions have taught.</summary>
    private Learnt? _learnt;

    public ExploreResult Explore()
    {
        if (program.CanRecall) _recalled = new RecalledProgram(program, scenario.Vcpus, (int)program.Frames);
        Learn();
        // A random execution may have failed already: what is left is to look for the smallest.
        if (_found is not null) return Failed(null) with { Part = settings.Part is null ? null : Nothing };
        return settings.Search switch
        {
            StrategySearch.Exhaustive => ExploreAll(),
            StrategySearch.Bounded => ExploreByBound(),
            _ => Sample(),
        };
    }

    /// <summary>Follows the picks and tells the story.</summary>
    public ExploreResult Replay(byte[] picks)
    {
        _agents.StopsEverywhere = true;
        // Whether it was found so is not in the string; where it does not matter it changes nothing.
        _agents.OrdersAllLocks = true;
        RecordedGuide guide = new(picks, skipsFinePoints: false);
        (ExecutionEnd end, IReadOnlyList<Step> steps) = program.Tell(guide);
        _executions = 1;
        Finding? finding = _agents.Finding;
        if (guide.DivergedAt >= 0) throw new ArgumentException(
            $"The schedule cannot be followed beyond its step {guide.DivergedAt + 1}: the code under exploration has changed, or "
                + "is nondeterministic; explore again to get a new one.");
        Failure? failure =
            finding is null ? null : new Failure(finding, AgentNames(), steps, guide.Preemptions, Encode(picks), false, false);
        Verdict verdict = _agents.IsUncontrollable ? Verdict.Uncontrollable : end == ExecutionEnd.Violated ? Verdict.Violated
            : Verdict.NothingFound;
        return Result(verdict, isComplete: false, "one recorded schedule", failure);
    }

    /// <summary>What is set up at present, in words; null while agents run.</summary>
    public string? Place => program.Place;

    /// <summary>VMs made so far.</summary>
    public long SetUps => program.SetUps;

    /// <summary>A load was seen that a store buffer lets overtake a store before it.</summary>
    public bool MayOvertake => _agents.MayOvertake;

    /// <summary>What there is to say when a thread does not come back.</summary>
    public ExploreResult NeverEnds(string what) =>
        Stopped(Verdict.Violated, new("never ends", "The code under exploration ends.", what));

    /// <summary>The same, of an agent that holds a lock.</summary>
    public ExploreResult Deadlocked(string what) =>
        Stopped(Verdict.Violated, new("deadlock", "Threads do not wait for each other in a circle.", what));

    /// <summary>What there is to say of an exception that was thrown while a VM was set up or taken down.</summary>
    public ExploreResult Threw(StrategyThrewException error) =>
        Stopped(Verdict.Violated, new("exception", "The code under exploration throws nothing.", error.Message));

    /// <summary>What there is to say when the set-up alone needs more than there is.</summary>
    public ExploreResult TooSmall(ModelTooSmallException error) =>
        Stopped(Verdict.Uncontrollable, new("too small", "The model has room for the scenario.", error.Message));

    /// <summary>That of an exploration that was never begun.</summary>
    public static ExploreResult NotBegun(string why) => new()
    {
        Verdict = Verdict.NothingFound,
        Executions = 0,
        Seconds = 0,
        IsComplete = false,
        EndedEarly = true,
        WasBegun = false,
        Bound = $"not begun{StrategyExplorer.Because}{why}",
    };

    private ExploreResult Stopped(Verdict verdict, Finding finding)
    {
        Failure failure = new(finding, AgentNames(), [], 0, Encode([.. _agents.Picks]), false, false);
        return Result(verdict, isComplete: false,
            $"not explored: stopped after {_executions.ToString("N0", CultureInfo.InvariantCulture)} executions", failure);
    }

    public static ScheduleKey KeyOf(string subject, Scenario scenario, StrategySettings settings)
    {
        string parameters = string.Concat(
            scenario.Parameters.Select(one => string.Create(CultureInfo.InvariantCulture, $",{one.Name}={one.Value}")));
        string variant = (settings.GlueFastZap ? ",glue" : "") + (settings.InsertAtTail ? ",tail" : "");
        return ScheduleKey.Of(subject, scenario.Name + parameters + variant, settings.Model, $"{Model} {scenario.Fingerprint}");
    }

    /// <summary>The settings that a recorded schedule was made under.</summary>
    public static StrategySettings SettingsOf(ScheduleKey key)
    {
        string[] parts = key.Scenario.Split(',');
        return new StrategySettings
            { Model = key.Model, GlueFastZap = parts.Contains("glue"), InsertAtTail = parts.Contains("tail") };
    }

    public static ExploreResult Merge(IReadOnlyList<ExploreResult> parts)
    {
        ExploreResult first = parts.FirstOrDefault(part => part.Verdict == Verdict.Violated)
            ?? parts.FirstOrDefault(part => part.Verdict == Verdict.Uncontrollable) ?? parts[0];
        double misses = parts.Aggregate(1.0, (product, part) => product * (1 - (part.FindsWithProbability ?? 0)));
        long executions = parts.Sum(part => part.Executions);
        return first with
        {
            Executions = executions,
            Cut = parts.Sum(part => part.Cut),
            Steps = parts.Sum(part => part.Steps),
            Seconds = parts.Max(part => part.Seconds),
            FindsWithProbability = first.FindsWithProbability is null ? null : 1 - misses,
            Claims = [.. parts.SelectMany(part => part.Claims).Distinct()],
            Bound = string.Create(CultureInfo.InvariantCulture, $"{first.Bound}, on each of {parts.Count} workers"),
        };
    }

    /// <summary>A few random executions show which words are shared, so that the search need not begin again for each of
    /// them.</summary>
    private void Learn(int executions = LearningExecutions)
    {
        for (int number = 0; number < executions && _found is null && !turn.HasPassed; number++)
        {
            ExecutionEnd end = program.Execute(new UniformGuide(settings.Seed * 1000 + (ulong)_learnings++));
            // The picks of one that has taught something do not lead where they led.
            if (NotesWhileLearning && !_agents.WordsChanged) Note(end);
            _agents.WordsChanged = false;
        }
        _learnt = _agents.Learnt;
    }

    /// <summary>Schedules drawn at random are not counted in a sample, and may have more preemptions than a bound
    /// allows.</summary>
    private bool NotesWhileLearning => !settings.IsSample && settings.PreemptionsMax == int.MaxValue;

    /// <summary>True if what was seen depends on the order of critical sections, which is looked at from here on.</summary>
    private bool LooksAtLocks()
    {
        if (!_agents.NeedsOrderOfLocks) return false;
        _agents.ForgetPrograms();
        _recalled?.Forget();
        _agents.OrdersAllLocks = true;
        return true;
    }

    /// <summary>True if the last execution has shown that what was concluded before is void.</summary>
    private bool TakesNews()
    {
        bool isNews = LooksAtLocks() || _agents.WordsChanged;
        _agents.WordsChanged = false;
        return isNews;
    }

    private ExploreResult ExploreAll()
    {
        if (settings.Part is { } part) return ExplorePart(part);
        (bool exhausted, StateSearch search) = Search(SearchBound.None, "all schedules", long.MaxValue);
        _states = search.States;
        if (_found is not null) return Failed("all schedules");
        string bound = exhausted ? "all schedules"
            : $"not all schedules: stopped after {(_executions + _cut).ToString("N0", CultureInfo.InvariantCulture)} executions "
                + $"and {_states.ToString("N0", CultureInfo.InvariantCulture)} states{StrategyExplorer.Because}{Why(search)}";
        return Result(Verdict.NothingFound, exhausted, bound, null);
    }

    private ExploreResult ExploreByBound()
    {
        int done = -1;
        for (int preemptions = 0; preemptions <= settings.PreemptionsMax; preemptions++)
        {
            (bool exhausted, StateSearch search) =
                Search(new SearchBound(preemptions, int.MaxValue), Preemptions(preemptions), long.MaxValue);
            _states = Math.Max(_states, search.States);
            if (_found is not null) return Failed(Preemptions(preemptions), preemptions);
            if (!exhausted)
            {
                string far = done < 0 ? "no bound was finished" : $"{Preemptions(done)} explored in full";
                return Result(Verdict.NothingFound, isComplete: false,
                    $"{far}; stopped in the next{StrategyExplorer.Because}{Why(search)}", null);
            }
            done = preemptions;
            if (!search.BoundWasHit) return Result(Verdict.NothingFound, isComplete: true,
                $"all schedules (none needs more than {Preemptions(preemptions)[8..]})", null);
        }
        return Result(Verdict.NothingFound, isComplete: true, Preemptions(done), null);
    }

    private ExploreResult Sample()
    {
        ulong seed = settings.Seed + (ulong)worker * 7919;
        Pct? pct = settings.Search == StrategySearch.Pct ? new Pct(settings.PctDepth, seed) : null;
        Scheduler scheduler = settings.Search switch
        {
            StrategySearch.Pct => pct!,
            StrategySearch.Pos => new Pos(seed),
            StrategySearch.Urw => new Urw(seed),
            _ => new RandomWalk(seed),
        };
        long limit = settings.ExecutionsMax != long.MaxValue ? settings.ExecutionsMax
            : settings.Budget == Timeout.InfiniteTimeSpan ? DefaultSamples : long.MaxValue;
        SchedulerGuide guide = new(scheduler);
        while (_executions < limit && !turn.HasPassed && _found is null)
        {
            scheduler.Begin(
                settings.Model == MemoryModel.Sc ? _agents.AgentCount : AgentController.FirstDrain + _agents.AgentCount);
            ExecutionEnd end = program.Execute(guide);
            scheduler.End(_agents.Picks.Count);
            if (LooksAtLocks()) continue;
            _executions++;
            Note(end);
            if (_executions % ExecutionsPerReport == 0)
            {
                Tell(scheduler.Name, limit == long.MaxValue ? null : (double)_executions / limit);
            }
        }
        string bound =
            string.Create(CultureInfo.InvariantCulture, $"{_executions:N0} schedules by {scheduler.Name}, seed {settings.Seed}");
        if (_found is not null) return Failed(bound);
        return Result(Verdict.NothingFound, isComplete: false, bound, null) with
        {
            FindsWithProbability = pct?.FindsWithProbability(_executions),
            EndedEarly = _executions < limit && limit != long.MaxValue,
        };
    }

    /// <summary>Runs executions until the search is through, something is found, or time is up. Begins again when what it knew of
    /// the program was wrong.</summary>
    /// <param name="bound">Of the search.</param>
    /// <param name="phase">What it is, for people.</param>
    /// <param name="until">Number of the execution at which it ends.</param>
    /// <param name="ceiling">Of a part of a search, which ends with <see cref="_news"/> instead of beginning again: states that
    /// other parts have met are void then, too.</param>
    private (bool Exhausted, StateSearch Search) Search(
        SearchBound bound, string phase, long until, SearchCeiling? ceiling = null)
    {
        StateSearch search = new(bound) { Ceiling = ceiling };
        _recalled?.Restart();
        int numbered = _agents.NumberedCount;
        while (true)
        {
            ExecutionEnd end = Execute(search);
            bool isNews = TakesNews();
            if (ceiling is not null && (isNews || _agents.NumberedCount != numbered))
            {
                _news = _agents.Learnt;
                return (false, search);
            }
            if (isNews)
            {
                // What comes so late may not be the last of its kind: looking for more is soon made up for.
                if (search.States > StatesPerLearning) Learn((int)(LearningExecutions * search.States / StatesPerLearning));
                if (_found is not null) return (false, search);
                _recalled?.Restart();
                search = new StateSearch(bound);
                continue;
            }
            if (search.Diverged)
            {
                byte[] picks = [.. _agents.Picks];
                _found = new Found(new Finding("nondeterministic", "Code under exploration that sees the same does the same.",
                    "the same choices once led to another state: it is nondeterministic, or touches shared state that the "
                        + "machine cannot see"), picks, picks, 0, IsUncontrollable: true);
                return (false, search);
            }
            if (search.IsOwn(end))
            {
                if (end == ExecutionEnd.Cut) _cut++;
                else _executions++;
                if (end == ExecutionEnd.Violated && ceiling is not null) _seen = _agents.Learnt;
                Note(end);
            }
            if (_found is not null) return (false, search);
            if (!search.MoveOn(_agents, end)) return (true, search);
            if ((_executions + _cut) % ExecutionsPerReport == 0) Tell(phase, search.DoneShare, search.States);
            // An execution that is recalled takes less than a look at the clock is worth.
            bool looks = _recalled is null || (_executions + _cut) % RecalledPerLook == 0;
            if ((looks && turn.HasPassed) || _executions + _cut >= until || search.IsFull
                || _executions >= settings.ExecutionsMax)
            {
                return (false, search);
            }
        }
    }

    /// <summary>One more execution; by steps that are recalled where that can be done.</summary>
    private ExecutionEnd Execute(StateSearch search)
    {
        if (_recalled is { } recalled)
        {
            ExecutionEnd end = recalled.Execute(search);
            if (!recalled.HasFailed) return end;
            _agents.Learner = null;
            _recalled = null;
            _whyRun = recalled.WhyFailed;
            // All that is known of the search is void: its path is that of executions that were not run.
            _agents.WordsChanged = true;
            return ExecutionEnd.Cut;
        }
        search.BeginExecution();
        return program.Execute(search);
    }

    /// <summary>Keeps the execution if it has failed, and writes its schedule down in a form that depends on nothing that was
    /// learnt.</summary>
    private void Note(ExecutionEnd end)
    {
        if (end != ExecutionEnd.Violated) return;
        turn.IsKept = true;
        Finding finding = _agents.Finding!;
        bool isUncontrollable = _agents.IsUncontrollable;
        byte[] picks = [.. _agents.Picks];
        _agents.StopsEverywhere = _agents.RecordsDrains = true;
        RecordedGuide fine = new(picks, skipsFinePoints: true);
        program.Execute(fine);
        _agents.StopsEverywhere = _agents.RecordsDrains = false;
        _found = new Found(finding, picks, [.. _agents.Picks], fine.Preemptions, isUncontrollable);
    }

    /// <param name="bound">Within which it was found; null if at random.</param>
    /// <param name="knownPreemptions">With fewer nothing fails.</param>
    private ExploreResult Failed(string? bound, int knownPreemptions = -1)
    {
        Found found = _found!;
        // Whatever the search had learnt when it failed, the smallest failure is the same.
        if (settings.Search == StrategySearch.Exhaustive && _learnt is not null)
        {
            _agents.Know(_learnt);
            // Steps go by numbers of words, which are others now.
            _recalled?.Forget();
        }
        bool fewest = knownPreemptions >= 0, shortest = false;
        if (found.IsUncontrollable || settings.AsFound)
        {
            return Result(VerdictOf(found), isComplete: false, bound ?? "random schedules", Write(found, false, false));
        }
        long limit = settings.Search == StrategySearch.Bounded ? long.MaxValue / 2 : ShorteningExecutions;
        // Upwards by bound: the first that fails has the fewest preemptions.
        for (int preemptions = 0; !fewest && preemptions <= settings.PreemptionsMax && !turn.HasPassed; preemptions++)
        {
            _found = null;
            (bool exhausted, _) =
                Search(new SearchBound(preemptions, int.MaxValue), $"shortest schedule, {Preemptions(preemptions)}",
                    _executions + _cut + limit);
            if (_found is not null) (found, knownPreemptions, fewest) = (_found, preemptions, true);
            else if (!exhausted) break;
        }
        bound ??= fewest ? Preemptions(knownPreemptions) : "random schedules";
        long until = _executions + _cut + ShorteningExecutions;
        while (fewest && !turn.HasPassed)
        {
            _found = null;
            (bool exhausted, _) = Search(new SearchBound(knownPreemptions, found.Picks.Length - 1), "shortest schedule", until);
            if (_found is null)
            {
                shortest = exhausted;
                break;
            }
            if (_found.Picks.Length >= found.Picks.Length) break;
            found = _found;
        }
        return Result(VerdictOf(found), isComplete: false, bound, Write(found, fewest, shortest));
    }

    /// <summary>The schedule and its story.</summary>
    private Failure Write(Found found, bool fewest, bool shortest)
    {
        _agents.StopsEverywhere = true;
        RecordedGuide again = new(found.FinePicks, skipsFinePoints: false);
        (_, IReadOnlyList<Step> steps) = program.Tell(again);
        _agents.StopsEverywhere = false;
        return new Failure(_agents.Finding ?? found.Finding, AgentNames(), steps, found.Preemptions, Encode(found.FinePicks),
            fewest, shortest);
    }

    private static Verdict VerdictOf(Found found) => found.IsUncontrollable ? Verdict.Uncontrollable : Verdict.Violated;

        private string Encode(byte[] picks) => ScheduleText.Encode(KeyOf(subject, scenario, settings), picks);

    private List<string> AgentNames() => [.. _agents.Agents.ToArray().Select(agent => agent.Name)];

    private ExploreResult Result(Verdict verdict, bool isComplete, string bound, Failure? failure) => new()
    {
        Verdict = verdict,
        Executions = _executions,
        Cut = _cut,
        States = _states,
        Steps = _agents.AllSteps,
        Seconds = turn.Seconds,
        IsComplete = isComplete,
        EndedEarly = verdict == Verdict.NothingFound && !isComplete,
        Bound = bound,
        Failure = failure,
        Runs = _recalled?.Runs,
        WhyRun = _whyRun,
        Shape = program.ShapeText,
        Reductions = [.. Reductions()],
        Claims = [.. program.Watch.Claims.OrderBy(claim => claim.Invariant, StringComparer.Ordinal)],
    };

    private IEnumerable<string> Reductions()
    {
        yield return "shared-words";
        if (settings.Search == StrategySearch.Exhaustive) yield return "sleep-sets";
        if (_recalled is not null) yield return "recalled-steps";
    }

    private string Why(StateSearch search) =>
        search.IsFull ? "it cannot hold more states"
        : _executions >= settings.ExecutionsMax ? "the number of executions asked for was reached" : turn.Reason;

    private static string Preemptions(int bound) =>
        bound == 1 ? "at most 1 preemption" : string.Create(CultureInfo.InvariantCulture, $"at most {bound} preemptions");

    private void Tell(string phase, double? done, long states = 0) =>
        observer?.Invoke(new ExploreProgress(phase, _executions + _cut, states, turn.Seconds, done)
            { SecondsLeft = turn.SecondsLeft });

    /// <summary>An execution that failed.</summary>
    /// <param name="Finding">How.</param>
    /// <param name="Picks">Its choices, at what is known to need one.</param>
    /// <param name="FinePicks">Its choices with one at every access.</param>
    /// <param name="Preemptions">Switches away from an agent that could have gone on.</param>
    /// <param name="IsUncontrollable">It is no verdict on the strategy.</param>
    private sealed record Found(Finding Finding, byte[] Picks, byte[] FinePicks, int Preemptions, bool IsUncontrollable);
}
