using System.Diagnostics;
using System.Reflection.Emit;
using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>The declared criterion for the end of warming up, and what actors see of their threads.</summary>
[Collection(TimingCollection.Name)]
public sealed class SteadyStateTests
{
    private static readonly WindowSettings Asking = new()
    {
        Duration = TimeSpan.FromMilliseconds(50),
        WarmupMinimum = TimeSpan.FromMilliseconds(20),
        SteadyLimit = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public void An_even_load_is_steady_soon()
    {
        using MeasuredRun run = TimedRun.Of(Asking with { SteadyLimit = TimeSpan.FromSeconds(60) }, Even("even"));
        Assert.True(run.Steady);
        Assert.True(run.WarmupSeconds >= 0.2, $"{run.WarmupSeconds} s: four slices take 0.2 s");
        Assert.DoesNotContain(run.Notes, note => note.Contains("not steady", StringComparison.Ordinal));
    }

    [Fact]
    public void A_load_that_slows_down_is_measured_and_said_not_to_be_steady()
    {
        long begun = 0;
        ScriptedActor tiring = new()
        {
            Name = "tiring",
            OnStep = () =>
            {
                // A step takes twice as long as one 150 ms earlier: whatever the slices, their later half has at most two thirds
                // of the steps.
                if (begun == 0) begun = Stopwatch.GetTimestamp();
                Spin(10_000 * Math.Pow(2, Stopwatch.GetElapsedTime(begun).TotalMilliseconds / 150));
                return 0;
            },
        };
        WindowSettings settings = Asking with { SteadyLimit = TimeSpan.FromMilliseconds(400) };
        // The first run compiles what would otherwise be compiled inside the second one's slices, and be its reason.
        TimedRun.Of(settings, tiring).Dispose();
        begun = 0;
        using MeasuredRun run = TimedRun.Of(settings, tiring);
        Assert.False(run.Steady);
        string note = Assert.Single(run.Notes, one => one.StartsWith("not steady after ", StringComparison.Ordinal));
        Assert.Contains("tiring went from ", note, StringComparison.Ordinal);
        Assert.True(run.Actors[0].StepCount > 0);
    }

    [Fact]
    public void A_load_that_compiles_on_and_on_is_not_steady()
    {
        int made = 0;
        ScriptedActor compiling = new()
        {
            Name = "compiling",
            OnStep = () =>
            {
                DynamicMethod method = new($"fresh{made++}", typeof(int), []);
                ILGenerator il = method.GetILGenerator();
                il.Emit(OpCodes.Ldc_I4, made);
                il.Emit(OpCodes.Ret);
                return method.CreateDelegate<Func<int>>()() == made ? 0 : 1;
            },
        };
        using MeasuredRun run = TimedRun.Of(Asking with { SteadyLimit = TimeSpan.FromMilliseconds(300) }, compiling);
        Assert.False(run.Steady);
        Assert.Contains(run.Notes, one => one.Contains("methods were compiled in its last 200 ms", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_does_not_ask_is_not_told()
    {
        using MeasuredRun run = TimedRun.Of(Asking with { SteadyLimit = TimeSpan.Zero }, Even("even"));
        Assert.Null(run.Steady);
        Assert.Empty(run.Actors[0].Disturbances);
    }

    [Fact]
    public void Two_actors_that_share_a_core_see_each_other_take_it()
    {
        int core = ThreadPlacement.AllowedCpus()[0];
        ScriptedActor Pinned(string name) => new()
        {
            Name = name,
            OnPrepare = () => Assert.True(ThreadPlacement.PinTo(core)),
            OnStep = () =>
            {
                Spin(50_000);
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Asking with { Duration = TimeSpan.FromMilliseconds(400), LoggedSamples = 1 << 14 },
            Pinned("one"), Pinned("two"));
        long opening = run.WindowStartMonotonicNanoseconds, closing = opening + (long)(run.WindowSeconds * 1e9);
        foreach (ActorResult actor in run.Actors)
        {
            Disturbance[] waits = [.. actor.Disturbances.Where(one => one.Kind == DisturbanceKind.RunQueueDelay)];
            Assert.NotEmpty(waits);
            Assert.All(waits, one => Assert.InRange(one.StartNanoseconds, opening - 50_000_000, closing));
            // Each has about half of the core: what it waited lies in what it says, and covers a good part of the rest.
            Assert.InRange(waits.Sum(one => one.LengthNanoseconds), 0.2 * (closing - opening), 1.2 * (closing - opening));
            // The slowest sample is one during which the thread did not have the core.
            LatencyRecorder recorder = actor.Recorders[0];
            DatedSample slowest = recorder.Log!.Samples.ToArray().MaxBy(one => one.Nanoseconds);
            long start = run.ToMonotonicNanoseconds(slowest.StartTicks);
            Assert.Contains(waits, one => one.StartNanoseconds <= start + slowest.Nanoseconds && one.EndNanoseconds >= start);
        }
    }

    private static ScriptedActor Even(string name) => new()
    {
        Name = name,
        OnStep = () =>
        {
            Spin(20_000);
            return 0;
        },
    };

    private static void Spin(double nanoseconds)
    {
        long end = Stopwatch.GetTimestamp() + (long)nanoseconds;
        while (Stopwatch.GetTimestamp() < end) { }
    }
}
