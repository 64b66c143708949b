using FsCheck;
using FsCheck.Fluent;
using Lab.Measure;
using Lab.Tests.Measure;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary>Tagging, and what two samples of /proc say happened between them.</summary>
public sealed class DisturbanceTests
{
    private static readonly Disturbance[] Some =
    [
        new(DisturbanceKind.GcPause, 100, 50, "generation 0"),
        new(DisturbanceKind.Jit, 120, 500, "late"),
        new(DisturbanceKind.GcPause, 1000, 0, "generation 0"),
    ];

    [Theory]
    [InlineData(0, 99, "")]
    [InlineData(0, 100, "GcPause")]
    [InlineData(130, 140, "GcPause Jit")]
    [InlineData(150, 150, "GcPause Jit")]
    [InlineData(151, 400, "Jit")]
    [InlineData(621, 999, "")]
    [InlineData(990, 1010, "GcPause")]
    [InlineData(0, 2000, "GcPause Jit")]
    public void A_stretch_carries_the_kinds_that_overlap_it(long start, long end, string kinds)
    {
        uint tag = Assert.Single(DisturbanceOverlap.Tag([new Stretch(start, end)], Some));
        Assert.Equal(kinds, string.Join(' ', DisturbanceOverlap.Kinds(tag)));
    }

    [Fact]
    public void Tags_are_what_comparing_each_with_each_gives()
    {
        Gen<(int Start, int Length)> span = from start in Gen.Choose(0, 60) from length in Gen.Choose(0, 12)
            select (start, length);
        Arbitrary<(int, int)[]> spans = span.ArrayOf().ToArbitrary();
        Prop.ForAll(spans, spans, ((int Start, int Length)[] samples, (int Start, int Length)[] troubles) =>
        {
            Stretch[] stretches = [.. samples.Select(one => new Stretch(one.Start, one.Start + one.Length))];
            Disturbance[] disturbances =
                [.. troubles.Select(one => new Disturbance((DisturbanceKind)(one.Start % 3), one.Start, one.Length, ""))];
            uint[] expected = [.. stretches.Select(stretch => disturbances
                .Where(one => one.StartNanoseconds <= stretch.EndNanoseconds && stretch.StartNanoseconds <= one.EndNanoseconds)
                .Aggregate(0u, (tag, one) => tag | DisturbanceOverlap.Bit(one.Kind)))];
            return expected.SequenceEqual(DisturbanceOverlap.Tag(stretches, disturbances));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Two_samples_say_what_happened_between_them()
    {
        using FakeMachine machine = FakeMachine.Quiet().With("/proc/77/stat", "77 (a) odd (name) S 1 2 3 4 5 6 7 8 100 10 11\n")
            .With("/proc/77/task/77/schedstat", "5000 1000 3\n").With("/proc/77/task/77/sched",
            "a (77, #threads: 1)\n---\nse.nr_migrations    :    4\nnr_involuntary_switches   :   6\n").With(
            "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3000000\n");
        ProcessSample before = ProcessSample.Read(machine.Files, 77, 1_000);
        Assert.Empty(ProcessSample.Read(machine.Files, 77, 2_000).Since(before));

        machine.With("/proc/stat", "cpu  100 0 100 800 0 0 0 2 0 0\n").With("/proc/77/stat",
            "77 (a) odd (name) S 1 2 3 4 5 6 7 8 103 10 11\n").With("/proc/77/task/77/schedstat", "9000 301000 3\n").With(
            "/proc/77/task/77/sched", "a (77, #threads: 1)\n---\nse.nr_migrations    :    5\nnr_involuntary_switches   :   8\n")
            .With("/proc/77/task/78/status",
            "nonvoluntary_ctxt_switches:\t1\n").With("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2000000\n");
        Disturbance[] found = [.. ProcessSample.Read(machine.Files, 77, 11_000).Since(before)];
        Assert.All(found, one => Assert.Equal((1_000, 11_000), (one.StartNanoseconds, one.EndNanoseconds)));
        Assert.Equal(
            ["Steal 20 ms", "MajorFault 3", "RunQueueDelay 300 µs of all threads", "InvoluntarySwitch 3", "Migration 1",
                "FrequencyChange cpu 0: 3000 to 2000 MHz"],
            found.Select(one => $"{one.Kind} {one.Detail}"));
    }

    [Fact]
    public void A_process_that_is_not_there_has_nothing_to_say()
    {
        using FakeMachine machine = FakeMachine.Quiet();
        ProcessSample none = ProcessSample.Read(machine.Files, 99, 5);
        Assert.Empty(none.Threads);
        Assert.Null(none.MajorFaults);
    }
}
