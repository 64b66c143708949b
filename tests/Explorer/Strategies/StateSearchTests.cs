using Lab.Explorer;
using Lab.Explorer.Agents;
using Lab.Explorer.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>The state search against itself and against random executions: what it leaves out must not hide a state. Claims of
/// completeness are worth as much as these tests.</summary>
public sealed class StateSearchTests
{
    /// <summary>Executions by which the shared words are learnt, so that two searches number stretches alike.</summary>
    private const ulong LearningExecutions = 2000;

    [Theory]
    [InlineData("baseline", "fast-zap-toggle")]
    [InlineData("defunct-flag", "fast-zap-put")]
    [InlineData("defunct-flag", "fast-zap-destroy")]
    [InlineData("second-list", "fast-zap-put")]
    [InlineData("second-list-shared", "fast-zap-unmap")]
    [InlineData("second-list-shared", "fast-zap-toggle")]
    [InlineData("workqueue", "fast-zap-put")]
    [InlineData("workqueue", "fast-zap-destroy")]
    [InlineData("refcount2", "fast-zap-toggle")]
    [InlineData("refcount2", "destroy")]
    [InlineData("mainline", "fast-zap-unmap")]
    [InlineData("mainline", "fast-zap-toggle")]
    public void Sleep_sets_leave_out_no_state_and_random_executions_meet_no_other(string strategy, string scenario)
    {
        OnOneProcessor(cpu =>
        {
            using StrategyProgram program = Strategy.Program(strategy, scenario, cpu);
            Learn(program);
            StateSearch with = SearchAll(program, sleepSets: true), without = SearchAll(program, sleepSets: false);
            Assert.Equal(without.States, with.States);
            HashSet<ulong> met = [.. without.Met];
            Assert.All(with.Met, state => Assert.Contains(state, met));

            Witness witness = new(met);
            for (ulong seed = 0; seed < 2000; seed++)
            {
                witness.Begin(seed);
                Assert.Equal(ExecutionEnd.Complete, program.Execute(witness));
            }
            Assert.False(program.Agents.WordsChanged,
                "a random execution showed a shared word that the exhaustive search did not: the states cannot be compared");
            Assert.True(witness.Total > 2000 && witness.Missed is null,
                $"{witness.MissedCount} of {witness.Total} states were not met, first behind {witness.Missed}");
        });
    }

    [Theory]
    [InlineData("baseline", "fast-zap-toggle")]
    [InlineData("mainline", "destroy")]
    [InlineData("workqueue", "fast-zap-put")]
    [InlineData("async-put", "fast-zap-toggle")]
    [InlineData("requeue", "fast-zap-put")]
    public void A_bound_that_leaves_nothing_out_decides_as_no_bound_does(string strategy, string scenario)
    {
        ExploreResult all = Strategy.Explore(strategy, scenario, Strategy.Exhaustive);
        ExploreResult bounded = Strategy.Explore(strategy, scenario, Strategy.Bounded);
        Assert.Equal((all.Verdict, all.IsComplete, all.Failure?.Finding.Invariant),
            (bounded.Verdict, bounded.IsComplete, bounded.Failure?.Finding.Invariant));
        Assert.StartsWith(bounded.IsComplete ? "all schedules (none needs more than" : "at most", bounded.Bound,
            StringComparison.Ordinal);
        Assert.Equal(all.Claims, bounded.Claims);
    }

    /// <summary>One preemption fewer than the failure needs, and nothing is found; the bound says that this is not
    /// everything.</summary>
    [Fact]
    public void Below_the_fewest_preemptions_nothing_is_found_and_the_bound_is_said()
    {
        ExploreResult found = Strategy.Explore("async-put", "fast-zap-toggle", Strategy.Bounded);
        ExploreResult below = Strategy.Explore("async-put", "fast-zap-toggle",
            Strategy.Bounded with { PreemptionsMax = found.Failure!.Preemptions - 1 });
        Assert.Equal(Verdict.NothingFound, below.Verdict);
        Assert.Equal($"at most {found.Failure.Preemptions - 1} preemption{(found.Failure.Preemptions == 2 ? "" : "s")}",
            below.Bound);
    }

    [Theory]
    [InlineData("mainline", "fast-zap-toggle", StrategySearch.Exhaustive)]
    [InlineData("second-list-shared", "fast-zap-put", StrategySearch.Bounded)]
    [InlineData("async-put", "fast-zap-toggle", StrategySearch.Bounded)]
    public void The_same_search_again_is_the_same_to_the_last_step(string strategy, string scenario, StrategySearch search)
    {
        StrategySettings settings = Strategy.Exhaustive with { Search = search };
        ExploreResult one = Strategy.Explore(strategy, scenario, settings), two = Strategy.Explore(strategy, scenario, settings);
        Assert.Equal(
            (one.Verdict, one.Executions, one.Cut, one.States, one.Steps, one.Bound, one.Failure?.Replay),
            (two.Verdict, two.Executions, two.Cut, two.States, two.Steps, two.Bound, two.Failure?.Replay));
        Assert.Equal(one.Claims, two.Claims);
    }

    private static void Learn(StrategyProgram program)
    {
        for (ulong seed = 0; seed < LearningExecutions; seed++) program.Execute(new UniformGuide(seed + 1_000_000));
        program.Agents.WordsChanged = false;
    }

    private static StateSearch SearchAll(StrategyProgram program, bool sleepSets)
    {
        while (true)
        {
            StateSearch search = new(SearchBound.None) { UsesSleepSets = sleepSets };
            ExecutionEnd end;
            do
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                search.BeginExecution();
                end = program.Execute(search);
                Assert.NotEqual(ExecutionEnd.Violated, end);
                Assert.False(search.Diverged);
                if (!program.Agents.NeedsOrderOfLocks) continue;
                program.Agents.ForgetPrograms();
                program.Agents.OrdersAllLocks = true;
                program.Agents.WordsChanged = true;
            }
            while (!program.Agents.WordsChanged && search.MoveOn(program.Agents, end));
            if (!program.Agents.WordsChanged) return search;
            program.Agents.WordsChanged = false;
        }
    }

    /// <summary>Hand-overs between agents are dear across processors: the whole of an exploration stays on one.</summary>
    private static void OnOneProcessor(Action<int> body)
    {
        Exception? failure = null;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Thread thread = new(() =>
        {
            int cpu = AgentThread.CurrentCpu();
            AgentThread.Pin(cpu);
            try
            {
                cancellation.ThrowIfCancellationRequested();
                body(cpu);
            }
            catch (Exception error)
            {
                failure = error;
            }
        }) { IsBackground = true };
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Goes at random and looks for states that are not in the set.</summary>
    private sealed class Witness(HashSet<ulong> met) : IGuide
    {
        private readonly List<string> _steps = [];
        private UniformGuide _random = new(1);

        public long Total { get; private set; }

        public long MissedCount { get; private set; }

        public string? Missed { get; private set; }

        public void Begin(ulong seed)
        {
            _random = new UniformGuide(seed);
            _steps.Clear();
        }

        public int Next(AgentController agents, uint enabled, int current)
        {
            Total++;
            if (!met.Contains(agents.StateHash()))
            {
                MissedCount++;
                Missed ??= string.Join(" | ", _steps.TakeLast(8));
            }
            int pick = _random.Next(agents, enabled, current);
            _steps.Add($"{agents.Agents[pick].Name}: {agents.Describe(agents.Agents[pick].Pending)}");
            return pick;
        }
    }
}
