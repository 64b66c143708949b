using System.Diagnostics;
using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Schedules;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Random schedules are cheap enough to be drawn by the million, and cost no garbage.</summary>
public sealed class SamplingSpeedTests(ITestOutputHelper output)
{
    /// <summary>A tenth of what a busy machine does, and twice what the best tool for .NET does elsewhere.</summary>
    private const double SchedulesPerSecondMin = 20_000;

    [Fact]
    public void Three_threads_of_ten_adds_run_twenty_thousand_schedules_a_second()
    {
        using SampledProgram program = SampledProgram.Counters(3, 10);
        foreach (Search search in new[] { Search.Random, Search.Pct, Search.Pos, Search.Urw })
        {
            double best = 0;
            for (int attempt = 0; attempt < 5; attempt++)
            {
                ExploreResult result =
                    program.Run(new ExploreSettings { Search = search, ExecutionsMax = 20_000, Seed = (ulong)attempt });
                Assert.Equal(Verdict.NothingFound, result.Verdict);
                best = Math.Max(best, result.Executions / result.Seconds);
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{search}: {best:N0} schedules/s"));
            Assert.True(best >= SchedulesPerSecondMin, $"{search}: {best:N0} schedules/s");
        }
    }

    [Fact]
    public void Programs_that_wait_or_branch_are_run_fast_too()
    {
        using SampledProgram storeBuffering = SampledProgram.StoreBuffering();
        using SampledProgram depthThree = SampledProgram.DepthThree();
        using SampledProgram handOver = new(scene =>
        {
            Word turn = scene.Word("turn");
            for (int thread = 0; thread < 3; thread++)
            {
                ulong mine = (ulong)thread;
                scene.Thread($"t{thread}", m =>
                {
                    Backoff backoff = default;
                    while (m.Load(ref turn.Value) != mine) m.Relax(ref backoff);
                    m.Store(ref turn.Value, mine + 1);
                });
            }
        });
        (string Name, SampledProgram Program, MemoryModel Model)[] programs =
        [
            ("store buffering", storeBuffering, MemoryModel.Sc),
            ("store buffering, TSO", storeBuffering, MemoryModel.Tso),
            ("depth three", depthThree, MemoryModel.Sc),
            ("depth three, TSO", depthThree, MemoryModel.Tso),
            ("hand-over with waits", handOver, MemoryModel.Sc),
            ("hand-over with waits, TSO", handOver, MemoryModel.Tso),
        ];
        foreach ((string name, SampledProgram program, MemoryModel model) in programs)
        {
            SamplingRun run = new(program.Scene, new ExploreSettings { Model = model });
            RandomWalk walk = new(1);
            double best = 0;
            for (int attempt = 0; attempt < 3; attempt++)
            {
                Stopwatch clock = Stopwatch.StartNew();
                for (int schedule = 0; schedule < 10_000; schedule++) _ = run.Execute(walk, schedule % 64 == 0);
                best = Math.Max(best, 10_000 / clock.Elapsed.TotalSeconds);
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {best:N0} schedules/s"));
            Assert.True(best >= SchedulesPerSecondMin, $"{name}: {best:N0} schedules/s");
        }
    }

    [Fact]
    public void A_schedule_allocates_nothing()
    {
        using SampledProgram program = SampledProgram.Counters(3, 10);
        SamplingRun run = new(program.Scene, new ExploreSettings());
        RandomWalk walk = new(1);
        for (int warm = 0; warm < 100; warm++) _ = run.Execute(walk, true);
        Stopwatch clock = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int schedule = 0; schedule < 10_000; schedule++) _ = run.Execute(walk, false);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{10_000 / clock.Elapsed.TotalSeconds:N0} schedules/s on the calling thread"));
        Assert.Equal(0, allocated);
    }
}
