using System.Globalization;
using Lab.Explorer.Agents;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Strategies;

/// <summary>One exploration of a program on one thread: the search, then the smallest failure, then its story.</summary>
internal sealed class StrategyRun(StrategyProgram program, string subject, Scenario scenario, StrategySettings settings,
    Deadline deadline, Action<ExploreProgress>? observer, int worker)
{
    private const int LearningExecutions = 60;
    private const int ExecutionsPerReport = 256;
    private const int DefaultSamples = 10_000;

    /// <summary>Executions that a step of the shortening may take. Not time: the same seed gives the same schedule on a slow
    /// machine.</summary>
    private const int ShorteningExecutions = 10_000;
    private readonly AgentController _agents = program.Agents;
    private long _executions;
    private long _cut;
    private long _states;
    private byte[]? _failing;
    private Finding? _finding;
    private bool _uncontrollable;

    public ExploreResult Explore()
    {
        Learn();
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
        RecordedGuide guide = new(picks, skipsFinePoints: false);
        (ExecutionEnd end, IReadOnlyList<Step> steps) = program.Tell(guide);
        _executions = 1;
        _finding = _agents.Finding;
        if (guide.DivergedAt >= 0) throw new ArgumentException(
            $"The schedule cannot be followed beyond its step {guide.DivergedAt + 1}: the code under exploration has changed, or "
                + "is nondeterministic; explore again to get a new one.");
        Failure? failure =
            _finding is null ? null : new Failure(_finding, AgentNames(), steps, guide.Preemptions, Encode(picks), false, false);
        Verdict verdict = _agents.IsUncontrollable ? Verdict.Uncontrollable : end == ExecutionEnd.Violated ? Verdict.Violated
            : Verdict.NothingFound;
        return Result(verdict, isComplete: false, "one recorded schedule", failure);
    }

    /// <summary>What there is to say when a thread does not come back.</summary>
    public ExploreResult NeverEnds(CodeNeverEndsException error)
    {
        Finding finding = new("never ends", "The code under exploration ends.", error.Message);
        Failure failure = new(finding, AgentNames(), [], 0, Encode([.. _agents.Picks]), false, false);
        return Result(Verdict.Uncontrollable, isComplete: false,
            $"not explored: stopped after {_executions.ToString("N0", CultureInfo.InvariantCulture)} executions", failure);
    }

    public static ScheduleKey KeyOf(string subject, Scenario scenario, StrategySettings settings)
    {
        string parameters = string.Concat(
            scenario.Parameters.Select(one => string.Create(CultureInfo.InvariantCulture, $",{one.Name}={one.Value}")));
        string variant = (settings.GlueFastZap ? ",glue" : "") + (settings.InsertAtTail ? ",tail" : "");
        return ScheduleKey.Of(subject, scenario.Name + parameters + variant, settings.Model, scenario.Fingerprint);
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
    private void Learn()
    {
        for (int number = 0; number < LearningExecutions && !deadline.HasPassed; number++)
        {
            program.Execute(new UniformGuide(settings.Seed * 1000 + (ulong)number));
        }
        _agents.WordsChanged = false;
    }

    private ExploreResult ExploreAll()
    {
        (bool exhausted, StateSearch search) = Search(SearchBound.None, "all schedules", long.MaxValue);
        _states = search.States;
        if (_finding is not null) return Failed("all schedules");
        string bound = exhausted ? "all schedules"
            : $"not all schedules: stopped after {(_executions + _cut).ToString("N0", CultureInfo.InvariantCulture)} executions "
                + $"and {_states.ToString("N0", CultureInfo.InvariantCulture)} states, because {Why(search)}";
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
            if (_finding is not null) return Failed(Preemptions(preemptions), preemptions);
            if (!exhausted)
            {
                string far = done < 0 ? "no bound was finished" : $"{Preemptions(done)} explored in full";
                return Result(Verdict.NothingFound, isComplete: false,
                    $"{far}; stopped in the next, because {Why(search)}", null);
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
        while (_executions < limit && !deadline.HasPassed && _finding is null)
        {
            scheduler.Begin(
                settings.Model == MemoryModel.Sc ? _agents.AgentCount : AgentController.FirstDrain + _agents.AgentCount);
            ExecutionEnd end = program.Execute(guide);
            scheduler.End(_agents.Picks.Count);
            _executions++;
            Note(end, _agents.Picks);
            if (_executions % ExecutionsPerReport == 0)
            {
                Tell(scheduler.Name, limit == long.MaxValue ? null : (double)_executions / limit);
            }
        }
        string bound =
            string.Create(CultureInfo.InvariantCulture, $"{_executions:N0} schedules by {scheduler.Name}, seed {settings.Seed}");
        if (_finding is not null) return Failed(bound);
        return Result(Verdict.NothingFound, isComplete: false, bound, null) with
            { FindsWithProbability = pct?.FindsWithProbability(_executions) };
    }

    /// <summary>Runs executions until the search is through, something is found, or time is up. Begins again when what it knew of
    /// the program was wrong.</summary>
    private (bool Exhausted, StateSearch Search) Search(SearchBound bound, string phase, long until)
    {
        StateSearch search = new(bound);
        while (true)
        {
            search.BeginExecution();
            ExecutionEnd end = program.Execute(search);
            if (_agents.NeedsOrderOfLocks)
            {
                _agents.ForgetPrograms();
                _agents.OrdersAllLocks = true;
                _agents.WordsChanged = true;
            }
            if (_agents.WordsChanged)
            {
                _agents.WordsChanged = false;
                search = new StateSearch(bound);
                continue;
            }
            if (search.Diverged)
            {
                _finding = new Finding("nondeterministic", "Code under exploration that sees the same does the same.",
                    "the same choices once led to another state: it is nondeterministic, or touches shared state that the "
                        + "machine cannot see");
                _failing = [.. _agents.Picks];
                _uncontrollable = true;
                return (false, search);
            }
            if (end == ExecutionEnd.Cut) _cut++;
            else _executions++;
            Note(end, _agents.Picks);
            if (_finding is not null) return (false, search);
            if (!search.MoveOn(_agents, end)) return (true, search);
            if ((_executions + _cut) % ExecutionsPerReport == 0) Tell(phase, search.DoneShare, search.States);
            if (deadline.HasPassed || _executions + _cut >= until || search.IsFull || _executions >= settings.ExecutionsMax)
            {
                return (false, search);
            }
        }
    }

    private void Note(ExecutionEnd end, List<byte> picks)
    {
        if (end != ExecutionEnd.Violated) return;
        _finding = _agents.Finding;
        _uncontrollable |= _agents.IsUncontrollable;
        _failing = [.. picks];
    }

    private ExploreResult Failed(string bound, int knownPreemptions = -1)
    {
        Finding finding = _finding!;
        byte[] failing = _failing!;
        if (_uncontrollable) return Result(Verdict.Uncontrollable, isComplete: false, bound, Write(failing, false, false));
        if (settings.AsFound) return Result(Verdict.Violated, isComplete: false, bound, Write(failing, false, false));
        bool fewest = knownPreemptions >= 0, shortest = false;
        // Upwards by bound: the first that fails has the fewest preemptions.
        for (int preemptions = 0; !fewest && !deadline.HasPassed; preemptions++)
        {
            _finding = null;
            (bool exhausted, _) = Search(new SearchBound(preemptions, int.MaxValue),
                $"shortest schedule, {Preemptions(preemptions)}", _executions + _cut + ShorteningExecutions);
            if (_finding is not null)
            {
                (finding, failing, knownPreemptions, fewest) = (_finding, _failing!, preemptions, true);
            }
            else if (!exhausted)
            {
                break;
            }
        }
        long until = _executions + _cut + ShorteningExecutions;
        while (fewest && !deadline.HasPassed)
        {
            _finding = null;
            (bool exhausted, _) = Search(new SearchBound(knownPreemptions, failing.Length - 1), "shortest schedule", until);
            if (_finding is null)
            {
                shortest = exhausted;
                break;
            }
            if (_failing!.Length >= failing.Length) break;
            (finding, failing) = (_finding, _failing);
        }
        _finding = finding;
        return Result(_uncontrollable ? Verdict.Uncontrollable : Verdict.Violated, isComplete: false, bound,
            Write(failing, fewest, shortest));
    }

    /// <summary>The schedule in a form that depends on nothing that was learnt, and its story.</summary>
    private Failure Write(byte[] failing, bool fewest, bool shortest)
    {
        _agents.StopsEverywhere = _agents.RecordsDrains = true;
        RecordedGuide fine = new(failing, skipsFinePoints: true);
        program.Execute(fine);
        _agents.RecordsDrains = false;
        byte[] picks = [.. _agents.Picks];
        RecordedGuide again = new(picks, skipsFinePoints: false);
        (_, IReadOnlyList<Step> steps) = program.Tell(again);
        _agents.StopsEverywhere = false;
        Finding finding = _agents.Finding ?? _finding!;
        return new Failure(finding, AgentNames(), steps, fine.Preemptions, Encode(picks), fewest, shortest);
    }

    private string Encode(byte[] picks) => ScheduleText.Encode(KeyOf(subject, scenario, settings), picks);

    private List<string> AgentNames() => [.. _agents.Agents.ToArray().Select(agent => agent.Name)];

    private ExploreResult Result(Verdict verdict, bool isComplete, string bound, Failure? failure) => new()
    {
        Verdict = verdict,
        Executions = _executions,
        Cut = _cut,
        States = _states,
        Steps = _agents.Steps,
        Seconds = deadline.Seconds,
        IsComplete = isComplete,
        Bound = bound,
        Failure = failure,
        Claims = [.. program.Watch.Claims.OrderBy(claim => claim.Invariant, StringComparer.Ordinal)],
    };

    private string Why(StateSearch search) =>
        search.IsFull ? "it cannot hold more states"
        : _executions >= settings.ExecutionsMax ? "the number of executions asked for was reached" : deadline.Reason;

    private static string Preemptions(int bound) =>
        bound == 1 ? "at most 1 preemption" : string.Create(CultureInfo.InvariantCulture, $"at most {bound} preemptions");

    private void Tell(string phase, double? done, long states = 0) =>
        observer?.Invoke(new ExploreProgress(phase, _executions + _cut, states, deadline.Seconds, done));
}
