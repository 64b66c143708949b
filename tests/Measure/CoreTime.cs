using System.Runtime.InteropServices;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>How long the calling thread was on a core: what work costs, however many others want the core.</summary>
internal static partial class CoreTime
{
    private const int OfThisThread = 3;

    public static TimeSpan Of(Action work)
    {
        TimeSpan before = Now();
        work();
        return Now() - before;
    }

    private static TimeSpan Now()
    {
        Assert.Equal(0, Read(OfThisThread, out Reading reading));
        return TimeSpan.FromSeconds(reading.Seconds) + TimeSpan.FromMicroseconds(reading.Nanoseconds / 1e3);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int Read(int clock, out Reading reading);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Reading
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
