using System.Runtime.CompilerServices;
using Lab.Hardware;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>The kernel's counts of one thread.</summary>
public sealed class PerfEventTests
{
    [Fact]
    public void The_attributes_are_as_long_as_the_kernel_takes_them() => Assert.Equal(64, Unsafe.SizeOf<PerfEventAttr>());

    [Fact]
    public unsafe void Faults_that_a_thread_makes_are_counted_or_the_refusal_says_what_to_do()
    {
        const int pages = 100;
        using PerfEvents events = PerfEvents.Open([("me", Libc.ThreadId())]);
        using MappedRange fresh = MappedRange.Anonymous(pages * 4096L);
        _ = Libc.Advise((nint)fresh.Address, (nuint)fresh.Bytes, Libc.MadviseNoHugePage);
        // SAFETY: within the mapping, which outlives the loop.
        for (int page = 0; page < pages; page++) fresh.Address[page * 4096L] = 1;

        IReadOnlyList<PerfCount> counts = events.Read();
        if (counts.Count == 0)
        {
            Assert.Contains(events.Notes, note => note.Contains("perf_event_paranoid", StringComparison.Ordinal));
            return;
        }
        Assert.InRange(counts.Single(count => count.Name == "perf.page_faults").Value, pages, long.MaxValue);
        Assert.All(counts, count => Assert.Equal("me", count.Thread));
    }
}
