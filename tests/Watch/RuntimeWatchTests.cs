using System.Diagnostics.Tracing;
using System.Globalization;
using Lab.Measure;
using Lab.Watch;
using Microsoft.Diagnostics.NETCore.Client;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary>What the runtime of a child does is seen, and at the right time.</summary>
public sealed class RuntimeWatchTests
{
    private const long Millisecond = 1_000_000;

    [Fact]
    public void A_forced_collection_is_seen_when_it_was_and_as_long_as_it_was()
    {
        using WatchedChild child = new();
        using RuntimeWatch watch = RuntimeWatch.Attach(child.Id);
        child.Order("nothing");
        (long begun, long ended, string said) = child.Order("collect");
        watch.Stop();
        Assert.Equal(0, watch.EventsLost);
        Disturbance pause = Assert.Single(watch.Disturbances,
            one => one.Kind == DisturbanceKind.GcPause && one.Detail.StartsWith("generation", StringComparison.Ordinal));
        Assert.InRange(pause.StartNanoseconds, begun - Millisecond, ended);
        Assert.InRange(pause.EndNanoseconds, begun, ended + Millisecond);
        Assert.Equal("generation 2, Induced", pause.Detail);
        // The runtime counts its pause within the suspension that we see.
        Assert.InRange(pause.LengthNanoseconds, long.Parse(said, CultureInfo.InvariantCulture) - Millisecond,
            ended - begun + Millisecond);
    }

    [Fact]
    public void A_method_compiled_late_is_seen_by_name()
    {
        using WatchedChild child = new();
        using RuntimeWatch watch = RuntimeWatch.Attach(child.Id);
        child.Order("nothing");
        (long begun, long ended, _) = child.Order("compile");
        child.Order("compile");
        watch.Stop();
        Disturbance compiled = Assert.Single(watch.Disturbances,
            one => one.Kind == DisturbanceKind.Jit && one.Detail.Contains("WatchedChild.CompiledLate", StringComparison.Ordinal));
        Assert.InRange(compiled.StartNanoseconds, begun - Millisecond, ended);
        Assert.InRange(compiled.LengthNanoseconds, 1, ended - begun);
    }

    [Fact]
    public void A_child_that_is_killed_leaves_what_was_seen_before()
    {
        using WatchedChild child = new();
        using RuntimeWatch watch = RuntimeWatch.Attach(child.Id);
        child.Order("collect");
        child.Kill();
        watch.Stop();
        Assert.Equal(watch.Disturbances.OrderBy(one => one.StartNanoseconds), watch.Disturbances);
    }

    [Fact]
    public void A_trace_that_breaks_off_anywhere_gives_what_came_before()
    {
        using WatchedChild child = new();
        using MemoryStream whole = new();
        using EventPipeSession session = new DiagnosticsClient(child.Id).StartEventPipeSession(
            [new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, 1)], requestRundown: false);
        Thread copying = new(() => session.EventStream.CopyTo(whole));
        copying.Start();
        child.Order("collect");
        session.Stop();
        Assert.True(copying.Join(TimeSpan.FromSeconds(20)));
        byte[] bytes = whole.ToArray();
        using MemoryStream all = new(bytes);
        Assert.NotEmpty(RuntimeTrace.Read(all).Disturbances);
        for (int cut = 0; cut < bytes.Length; cut += Math.Max(1, bytes.Length / 60))
        {
            using MemoryStream part = new(bytes[..cut]);
            Assert.NotNull(RuntimeTrace.Read(part));
        }
    }

    [Fact]
    public void A_process_without_a_runtime_is_refused_in_one_sentence()
    {
        WatchUnavailableException refused = Assert.Throws<WatchUnavailableException>(() => RuntimeWatch.Attach(1));
        Assert.StartsWith("The .NET runtime of process 1 cannot be watched (", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void The_kernels_counts_of_a_child_are_sampled_until_it_ends()
    {
        using WatchedChild child = new();
        using ProcessWatch watch = ProcessWatch.Attach(child.Id, TimeSpan.FromMilliseconds(5));
        (long begun, long ended, _) = child.Order("spin");
        child.Kill();
        watch.Dispose();
        Assert.All(watch.Disturbances, one => Assert.True(one.LengthNanoseconds > 0 && one.Detail.Length > 0));
        Assert.All(watch.Disturbances.Where(one => one.Kind == DisturbanceKind.Migration),
            one => Assert.InRange(one.StartNanoseconds, begun - 1_000 * Millisecond, ended + 1_000 * Millisecond));
    }
}
