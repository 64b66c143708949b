namespace Lab.Mmu;

/// <summary>Shared words that parts of a VM have made for themselves.</summary>
public sealed unsafe partial class Vm<TMachine>
{
    // SAFETY: each word lies on a line of its own in the block that this VM owns.
    private const int LineBytes = 64;
    private const int OwnWordsMax = WordBlockBytes / LineBytes - 1;
    private readonly List<SharedWord> _ownWords = [];
    private readonly bool _isBuilt;

    /// <summary>Makes a shared word that is the caller's own, on a cache line of its own: for the constructor of a strategy, a
    /// notifier or an ageing scheme. It is read and written through the machine, so that the explorer sees it.</summary>
    /// <param name="name">What it is called in a schedule.</param>
    /// <param name="initial">Its first value.</param>
    /// <exception cref="InvalidOperationException">The VM is complete, or there are too many.</exception>
    public SharedWord NewWord(string name, ulong initial = 0)
    {
        if (_isBuilt) throw new InvalidOperationException(
            $"The shared word '{name}' is to be made while the VM runs; make it in the constructor.");
        if (_ownWords.Count == OwnWordsMax) throw new InvalidOperationException(
            $"The shared word '{name}' is one too many; a VM has {OwnWordsMax} beside its own.");
        // The first line is the VM's.
        ulong* address = (ulong*)(_wordBlock.Address + LineBytes * (_ownWords.Count + 1));
        *address = initial;
        SharedWord word = new(name, address);
        _ownWords.Add(word);
        return word;
    }
}
