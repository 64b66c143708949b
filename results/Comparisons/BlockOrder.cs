namespace Lab.Results.Comparisons;

/// <summary>In which order the arms of a block run. Every odd block draws an order, the next one runs it backwards (ABBA): over
/// the pair, what drifts evenly hits every arm alike; that the draw is random, what comes periodically does too.</summary>
public static class BlockOrder
{
    /// <param name="block">From 1.</param>
    /// <returns>Indices of the arms. Equal seeds order equally, also when a comparison is taken up again.</returns>
    public static IReadOnlyList<int> Of(int block, int arms, ulong seed)
    {
        int pair = (block - 1) / 2;
        int[] order = [.. Enumerable.Range(0, arms)];
        new Random(HashCode(seed, pair)).Shuffle(order);
        if (block % 2 == 0) Array.Reverse(order);
        return order;
    }

    // By hand, because System.HashCode differs from process to process: the finaliser of SplitMix64.
    private static int HashCode(ulong seed, int pair)
    {
        ulong z = seed + (0x9E3779B97F4A7C15 * (ulong)(pair + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)(z ^ (z >> 31));
    }
}
