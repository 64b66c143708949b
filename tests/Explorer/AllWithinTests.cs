using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>What the minimiser proves minimality with visits each schedule once, and all of them.</summary>
public sealed class AllWithinTests
{
    [Theory]
    [InlineData(2, 2, 99, 6)]
    [InlineData(3, 3, 99, 1680)]
    [InlineData(2, 8, 99, 12_870)]
    [InlineData(3, 3, 0, 6)]
    [InlineData(2, 3, 1, 6)]
    [InlineData(2, 3, 2, 14)]
    public void Interleavings_of_counters_are_counted(int threads, int adds, int preemptionsMax, int expected)
    {
        using SampledProgram program = SampledProgram.Counters(threads, adds);
        Assert.Equal(expected, Count(program, threads, preemptionsMax, MemoryModel.Sc, out _));
    }

    [Theory]
    [InlineData(MemoryModel.Sc, "01 10 11")]
    [InlineData(MemoryModel.Tso, "00 01 10 11")]
    public void Store_buffering_has_all_of_its_outcomes(MemoryModel model, string expected)
    {
        using SampledProgram program = SampledProgram.StoreBuffering();
        _ = Count(program, 2, 99, model, out SortedSet<string> outcomes);
        Assert.Equal(expected, string.Join(' ', outcomes));
    }

    [Fact]
    public void Message_passing_is_in_order_under_tso()
    {
        using SampledProgram program = new(scene =>
        {
            Word data = scene.Word("data");
            Word flag = scene.Word("flag");
            ulong f = 0, d = 0;
            scene.Thread("writer", m =>
            {
                m.Store(ref data.Value, 1);
                m.Store(ref flag.Value, 1);
            });
            scene.Thread("reader", m =>
            {
                f = m.Load(ref flag.Value);
                d = m.Load(ref data.Value);
            });
            scene.Outcome(() => $"{f}{d}");
        });
        _ = Count(program, 2, 99, MemoryModel.Tso, out SortedSet<string> outcomes);
        Assert.Equal("00 01 11", string.Join(' ', outcomes));
    }

    private static int Count(SampledProgram program, int threads, int preemptionsMax, MemoryModel model, out SortedSet<string> outcomes)
    {
        SamplingRun run = new(program.Scene, new ExploreSettings { Model = model });
        AllWithin all = new(threads);
        all.Bound(preemptionsMax);
        HashSet<string> schedules = [];
        outcomes = [];
        int count = 0;
        do
        {
            Assert.Null(run.Execute(all, true));
            Assert.True(run.Preemptions <= preemptionsMax);
            Assert.True(schedules.Add(Convert.ToHexString(run.Picks)), "the same schedule twice");
            if (run.Outcome is string outcome) outcomes.Add(outcome);
            count++;
        }
        while (all.MoveNext());
        return count;
    }
}
