using Lab.Mmu;

namespace Lab.Explorer.Strategies;

/// <summary>Memory at an address that is the same in every process, for one program at a time: states hold addresses, and parts
/// of a search that are explored in different processes can be put together only if theirs are the same.</summary>
internal static class SamePlace
{
    /// <summary>Far from where systems put programs, heaps, stacks and mappings.</summary>
    private const long Address = 0x1000_0000_0000;

    /// <summary>The VMs', and as much again for what is around them.</summary>
    private const long Bytes = 2 * NativeBlockPool.OfVms;

    private static readonly SemaphoreSlim Turn = new(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Waits for it.</summary>
    /// <exception cref="ArgumentException">It cannot be had.</exception>
    public static NativeBlockPool Take()
    {
        if (!Turn.Wait(Patience)) throw new ArgumentException("A part of a search needs memory that code holds which "
            + "never ended; explore it in a process of its own.");
        try
        {
            return new NativeBlockPool(Bytes, unchecked((nint)Address));
        }
        catch (InsufficientMemoryException error)
        {
            Turn.Release();
            throw new ArgumentException($"A part of a search needs memory at the same address on every machine: {error.Message}");
        }
    }

    public static void Return(NativeBlockPool place)
    {
        place.Dispose();
        Turn.Release();
    }
}
