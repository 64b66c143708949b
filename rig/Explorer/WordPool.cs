using System.Runtime.InteropServices;

namespace Lab.Explorer;

/// <summary>Native memory for the words of a <see cref="Scene"/>: one word per cache line, numbered from zero in order of
/// declaration.</summary>
internal sealed unsafe class WordPool
{
    internal const int WordsMax = 4096;
    private const int BytesPerWord = 64;
    private readonly nint _base;
    private int _count;

    // SAFETY: WordsMax lines are allocated and numbers stay below it; Free is called when no code that knows an address can run
    // any more.
    internal WordPool() => _base = (nint)NativeMemory.AlignedAlloc(WordsMax * BytesPerWord, BytesPerWord);

    /// <summary>The next word, holding its initial value. Throws <see cref="InvalidOperationException"/> when the pool is used
    /// up.</summary>
    internal Word Add(string name, ulong initial)
    {
        if (_count == WordsMax) throw new InvalidOperationException($"A scene has at most {WordsMax:N0} words.");
        Word word = new(name, _base + _count++ * BytesPerWord, initial);
        word.Value = initial;
        return word;
    }

    /// <summary>Number of the word at an address, or −1 if it is not one of the pool's.</summary>
    internal int IndexOf(nint address)
    {
        nint offset = address - _base;
        return offset >= 0 && offset < _count * BytesPerWord && offset % BytesPerWord == 0 ? (int)(offset / BytesPerWord) : -1;
    }

    /// <summary>A pointer as it is the same in every process: number of the word, and how many bytes behind its first, as of a
    /// pointer with bits set; null if the value points elsewhere.</summary>
    internal (int Word, int Offset)? PlaceOf(ulong value)
    {
        nint offset = unchecked((nint)value) - _base;
        return offset >= 0 && offset < _count * BytesPerWord
            ? ((int)(offset / BytesPerWord), (int)(offset % BytesPerWord)) : null;
    }

    /// <summary>The value of a place.</summary>
    internal ulong At(int word, int rest) => unchecked((ulong)(_base + word * BytesPerWord + rest));

    // SAFETY: see the constructor.
    internal void Free() => NativeMemory.AlignedFree((void*)_base);
}
