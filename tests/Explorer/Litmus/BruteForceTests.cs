using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Random programs with all orders, fences and dependencies, from fixed seeds: the engine has the states, and the number
/// of executions of each, that a plain enumeration has. <c>LAB_FUZZ=15000</c> tries ten times as many.</summary>
public sealed class BruteForceTests
{
    private const int SampleSize = 2000;

    private const int CandidatesMax = 400;

    private const int CandidatesOfLocksMax = 20_000;

    private static int Count => (int)(SampleSize / 1500.0
        * double.Parse(Environment.GetEnvironmentVariable("LAB_FUZZ") ?? "1500", CultureInfo.InvariantCulture));

    [Fact]
    public void Every_model_has_the_states_and_executions_of_an_enumeration() => AssertSame(
        RandomProgram.First(Count, CandidatesMax * Math.Max(1, Count / SampleSize)), Count);

    /// <summary>Of locks and grace periods there are more ways; a share of the programs has them.</summary>
    [Theory]
    [InlineData(Around.Locks)]
    [InlineData(Around.Rcu)]
    public void So_it_has_where_there_are_locks_and_grace_periods(Around around) =>
        AssertSame(RandomProgram.First(Count / 10, CandidatesOfLocksMax, around), Count / 10);

    /// <summary>Half of their orders are sequentially consistent. The kernel's model is not asked.</summary>
    [Fact]
    public void So_it_has_with_the_atomics_of_C11() => AssertSame(
        RandomProgram.First(Count, CandidatesMax * Math.Max(1, Count / SampleSize), Around.C11), Count);

    private static void AssertSame(IEnumerable<(int Seed, RandomProgram Program)> programs, int count)
    {
        int weak = 0;
        ParallelOptions cancelled = new() { CancellationToken = TestContext.Current.CancellationToken };
        Parallel.ForEach(programs, cancelled, one =>
        {
            (int seed, RandomProgram program) = one;
            string text = program.Text($"seed{seed}");
            LitmusTest test = LitmusTest.Read(text);
            Dictionary<MemoryModel, IReadOnlyDictionary<string, long>> found = [];
            foreach ((MemoryModel model, SortedDictionary<string, long> expected) in BruteForce.Of(program))
            {
                if (text.Contains("synchronize_rcu", StringComparison.Ordinal) && model is MemoryModel.Ra or MemoryModel.Rc11)
                {
                    continue;
                }
                if (program.IsC11 && model == MemoryModel.Lkmm) continue;
                IReadOnlyDictionary<string, long> states = Asking.Of(test, model).States;
                found[model] = states;
                Assert.True(expected.SequenceEqual(states),
                    $"{MemoryModels.NameOf(model)}\n{text}\nexpected {Told(expected)}\nbut {Told(states)}");
            }
            void Includes(MemoryModel strong, MemoryModel weaker) => Assert.True(!found.ContainsKey(weaker)
                || found[strong].Keys.All(found[weaker].ContainsKey), $"{strong} has what {weaker} has not\n{text}");
            foreach (MemoryModel model in MemoryModels.All) Includes(MemoryModel.Sc, model);
            Includes(MemoryModel.Tso, MemoryModel.Rc11);
            Includes(MemoryModel.Tso, MemoryModel.Lkmm);
            Includes(MemoryModel.Arm, MemoryModel.ArmLdapr);
            Includes(MemoryModel.ArmLdapr, MemoryModel.Lkmm);
            MemoryModel weakest = program.IsC11 ? MemoryModel.Rc11 : MemoryModel.Lkmm;
            if (found[weakest].Count > found[MemoryModel.Sc].Count) Interlocked.Increment(ref weak);
        });
        // Programs in which nothing weak happens would show little.
        Assert.InRange(weak, count / 20, count);
    }

    private static string Told(IEnumerable<KeyValuePair<string, long>> states) =>
        string.Concat(states.Select(state => $"\n  {state.Value} × {state.Key}"));
}
