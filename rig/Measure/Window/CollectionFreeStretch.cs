using System.Runtime;

namespace Lab.Measure;

/// <summary>A stretch of time in which the runtime collects no garbage unless the process allocates more than was set aside:
/// collects fully at its start, then holds collections off. A collection that happens all the same is counted with the results
/// like any other.</summary>
/// <remarks>Recording allocates nothing; what is set aside is for the rig's own objects (a VM, an actor) that a workload makes
/// between timed operations. Address space only: a page becomes resident when it is allocated from. One stretch per process at a
/// time.</remarks>
internal static class CollectionFreeStretch
{
    private const long BytesMax = 128L << 20;

    public static void Begin()
    {
        try
        {
            if (GC.TryStartNoGCRegion(BytesMax)) return;
        }
        catch (Exception refused) when (refused is ArgumentOutOfRangeException or InvalidOperationException)
        {
            // A heap limited below that size, or a stretch that is open already: measure with an ordinary heap.
        }
        GC.Collect();
    }

    /// <summary>Ends the stretch if it still lasts; one that was used up has ended by itself.</summary>
    public static void End()
    {
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
    }
}
