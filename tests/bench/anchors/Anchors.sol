// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

// The thinnest contracts that can be deployed of each library's base: nothing is added but an open
// mint, as each library's own tests do it.

import {ERC20 as OzERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721 as OzERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC20 as SoladyERC20} from "solady/src/tokens/ERC20.sol";
import {ERC721 as SoladyERC721} from "solady/src/tokens/ERC721.sol";
import {ERC20 as SolmateERC20} from "solmate/src/tokens/ERC20.sol";
import {ERC721 as SolmateERC721} from "solmate/src/tokens/ERC721.sol";

contract OpenZeppelinToken is OzERC20("Token", "TKN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract SolmateToken is SolmateERC20("Token", "TKN", 18) {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract SoladyToken is SoladyERC20 {
    function name() public pure override returns (string memory) {
        return "Token";
    }

    function symbol() public pure override returns (string memory) {
        return "TKN";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract OpenZeppelinNames is OzERC721("Names", "NMS") {
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

contract SolmateNames is SolmateERC721("Names", "NMS") {
    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

contract SoladyNames is SoladyERC721 {
    function name() public pure override returns (string memory) {
        return "Names";
    }

    function symbol() public pure override returns (string memory) {
        return "NMS";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

// Unlock's factory only works behind a proxy.
contract Proxy is ERC1967Proxy {
    constructor(address implementation, bytes memory data) ERC1967Proxy(implementation, data) {}
}

// What Sablier Flow asks its comptroller for, free of charge as on a chain without a fee.
contract FreeComptroller {
    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    function calculateMinFeeWeiFor(uint8, address) external pure returns (uint256) {
        return 0;
    }

    receive() external payable {}
}
